"""Users, members and devices: who exists, who may what with them, who is let in.

Decides rights and speaks to ports alone. Methods take the caller's ``Identity`` first and raise
``errors.Refusal``s; ``hello`` alone, which has no request to refuse, raises ``errors.Fatal``s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NoReturn, cast

from hub.engine.devices import (
    MAX_LABEL,
    DeviceRoster,
    check_device_id,
    check_given_name,
    check_label,
    new_device_id,
)
from hub.engine.grants import Claimed, LinkCode, Renewed
from hub.engine.sharing import check_adds, check_removes, check_sees, check_shared
from hub.engine.users import UserRoster, check_new_user_id, check_user_id
from hub.errors import (
    BadId,
    BadToken,
    BadValue,
    Forbidden,
    GoingAway,
    Malformed,
    NotAllowed,
    NotFound,
    Refusal,
    TokenVoid,
    Unauthorized,
    Unavailable,
)
from hub.model import Access, Device, DeviceId, Identity, Scope, TopicName, User, UserId
from hub.ports import Authenticator, Clock, Devices, Directory, LinkCodes, LiveConnections, MemberRow
from hub.state.names import is_name

MAX_NAME: Final = 100
"""Characters of a user's name."""
_REMEMBERED: Final = 100_000


class People:
    """Users, members and devices, for one identified caller at a time.

    Args:
        directory: users and members.
        devices: devices.
        authenticator: makes tokens.
        clock: time.
        codes: codes to link devices with.
        live: what is connected and must hear of lost rights at once.
        token_ttl: seconds that a renewed or claimed token lives.
        devices_per_user: ``limits.devices``.
        remembered: how many users and how many devices are held in memory.
    """

    def __init__(
        self,
        directory: Directory,
        devices: Devices,
        authenticator: Authenticator,
        clock: Clock,
        codes: LinkCodes,
        live: LiveConnections,
        *,
        token_ttl: int,
        devices_per_user: int,
        remembered: int = _REMEMBERED,
    ) -> None:
        self._directory = directory
        self._devices = devices
        self._authenticator = authenticator
        self._clock = clock
        self._codes = codes
        self._live = live
        self._token_ttl = token_ttl
        self._roster = DeviceRoster(devices, clock, devices_per_user, remembered)
        self._users = UserRoster(directory, clock, remembered)

    # ----------------------------------------------------------------- who is let in

    def admitted(self, identity: Identity) -> bool:
        """Whether ``admit`` would find nothing to do: all it looks at is in memory and in order."""
        if identity.device is not None and self._roster.in_order(identity.device, identity.user) is None:
            return False
        return self._users.admits(identity)

    def greeted(self, identity: Identity, name: str, platform: str) -> bool:
        """Whether ``hello`` of the identity's device would find nothing to do; see ``admitted``."""
        device = self._roster.in_order(identity.device, identity.user) if identity.device else None
        if device is None or len(name) > MAX_LABEL or platform not in ("", device.platform):
            return False
        return (device.named or name in ("", device.name)) and self._users.admits(identity)

    async def admit(self, identity: Identity) -> None:
        """Let a request with this token in: its user exists from now on, its device is in order.

        Raises:
            TokenVoid: the user was deleted after the token was issued.
            Unauthorized: the token's device was revoked.
            Forbidden: nobody may bear the user's name.
            Forbidden, Limit: the token's device can't be this user's.
            Unavailable: the storage refuses.
        """
        if identity.device is None:
            await self.known(identity)
        else:
            await self.adopt(identity, None)

    async def known(self, identity: Identity) -> None:
        """Make sure that the token is not void and that the user exists.

        Raises:
            TokenVoid: the user was deleted after the token was issued.
            Forbidden: nobody may bear the user's name.
        """
        await self._users.admit(identity.user, identity.issued_at)

    async def named(self, user: UserId) -> None:
        """A publish or a membership named a user: they exist from now on. Raises ``BadId``."""
        await self._users.name(user)

    def remembers(self, user: UserId) -> bool:
        """Whether ``named`` would find nothing to do: it is in memory that the user exists."""
        return self._users.remembers(user)

    async def adopt(self, identity: Identity, device_id: str | None) -> Device:
        """The device that a request speaks for: the token's, or ``device_id``, bound to the user if new.

        Raises:
            BadId: outside the alphabet.
            Forbidden: reserved, a user's name, another user's, or not the device the token is bound to.
            Unauthorized: revoked, or the token is void.
            Limit: too many devices.
        """
        if device_id is None and identity.device is None:
            raise BadId("a device id is needed")
        return await self._enter(identity, device_id, "", "")

    async def hello(self, identity: Identity, device_id: str | None, name: str, platform: str) -> Device:
        """The device of a new connection, issued where none was given.

        Args:
            identity: who the token speaks for.
            device_id: what the device calls itself; None to be issued an id (or the token's).
            name: for people, "" for unchanged.
            platform: likewise.

        Raises:
            BadToken: the user was deleted after the token was issued.
            NotAllowed: the id is reserved, a user's name, revoked, another user's or not the token's; or too
                many devices.
            Malformed: the id is outside the alphabet, or the name or platform too long.
            GoingAway: the storage refuses; come back.
        """
        try:
            check_label("name", name)
            check_label("platform", platform)
            return await self._enter(identity, device_id, name, platform)
        except Refusal as refusal:
            _end(refusal)

    async def _enter(self, identity: Identity, device_id: str | None, name: str, platform: str) -> Device:
        """The device of that id, of the token, or a new one: bound to the caller, seen now."""
        if identity.device is not None and device_id not in (None, identity.device):
            raise Forbidden("the token is bound to another device")
        wanted = device_id if device_id is not None else identity.device or new_device_id()
        while True:
            await self.known(identity)
            device = await self._bound(identity.user, wanted, name, platform)
            if self._users.admits(identity):  # not deleted meanwhile
                return self._roster.touch(device, name, platform)

    async def _bound(self, user: UserId, wanted: str, name: str, platform: str) -> Device:
        """The device with that id, bound to the user if nobody had it; neither another's nor revoked."""
        device_id = check_device_id(wanted)
        device = await self._roster.find(device_id)
        if device is None:
            await self._check_unnamed(device_id)
            device = await self._roster.bind(user, device_id, name, platform)
        device = self._roster.recall(device_id) or device
        if device.user != user:
            raise Forbidden("the device belongs to another user")
        if device.revoked_at is not None:
            raise Unauthorized("the device was revoked")
        return device

    async def _check_unnamed(self, device: DeviceId) -> None:
        """A new device's id is shown as the author of what it states: it must not pass for a user."""
        if await self._users.is_known(UserId(device)):
            raise Forbidden("the device id is the name of a user")

    async def flush(self) -> None:
        """Save when devices were last seen; called now and then, and at the end."""
        await self._roster.flush()

    # ----------------------------------------------------------------- tokens

    def renew(self, identity: Identity) -> Renewed:
        """A fresh token with the same user, device and scopes."""
        return self._issue(identity.user, cast(Iterable[Scope], identity.scopes), identity.device)

    def link(self, identity: Identity) -> LinkCode:
        """A code with which another device of the caller gets a token of its own, with scope ``user``.

        Raises:
            Forbidden: without scope ``user``.
            Limit: too many codes are open.
        """
        _need(identity, "user")
        return LinkCode(*self._codes.create(identity.user, ("user",)))

    async def claim(self, code: str, name: str, platform: str) -> Claimed:
        """Use a code up: issue a device and a token bound to it.

        Raises:
            NotFound: no such code, or used, or expired.
            Limit: too many wrong codes lately, or too many devices.
            BadValue: the name or platform is too long.
            TokenVoid: the user is being deleted.
        """
        check_label("name", name)
        check_label("platform", platform)
        claimed_at = self._clock.now()
        user, scopes = self._codes.claim(code)
        device = await self._bound(user, new_device_id(), name, platform)
        await self._users.admit(user, claimed_at)
        return Claimed(self._issue(user, scopes, device.device).token, user, device.device)

    def _issue(self, user: UserId, scopes: Iterable[Scope], device: DeviceId | None) -> Renewed:
        token = self._authenticator.issue(user, scopes, self._token_ttl, device)
        return Renewed(token, self._authenticator.verify(token).expires_at)

    # ----------------------------------------------------------------- devices

    async def devices(self, identity: Identity, user: str) -> Sequence[Device]:
        """A user's devices, oldest first: one's own, or anybody's with scope ``admin``."""
        return await self._devices.devices(_own(identity, user))

    def connected(self, identity: Identity, user: str) -> frozenset[DeviceId]:
        """Which of them have a connection open now."""
        return self._live.connected(_own(identity, user))

    async def revoke(self, identity: Identity, user: str, device_id: str) -> None:
        """Revoke a device for good and close its connections at once; again is the same.

        Raises:
            NotFound: the user has no such device.
            Forbidden: another user's, without scope ``admin``.
        """
        device = await self._device(_own(identity, user), device_id)
        await self._roster.revoke(device)
        self._live.device_revoked(device.device)

    async def rename(self, identity: Identity, user: str, device_id: str, name: str) -> Device:
        """Give a device a name for people, which stands whatever the device calls itself.

        Raises:
            NotFound: the user has no such device.
            Forbidden: another user's, without scope ``admin``.
            BadValue: too long, nothing in it that can be seen, or hidden characters.
        """
        owner = _own(identity, user)
        check_given_name(name)
        return await self._roster.rename(await self._device(owner, device_id), name)

    async def _device(self, owner: UserId, device_id: str) -> Device:
        """One of theirs. Raises ``NotFound``."""
        device = await self._roster.find(DeviceId(device_id)) if is_name(device_id) else None
        if device is None or device.user != owner:
            raise NotFound("the user has no such device")
        return device

    # ----------------------------------------------------------------- users

    async def put_user(self, identity: Identity, user: str, name: str | None) -> tuple[User, bool]:
        """Create or rename a user; True if created. ``name`` is the user's id where None.

        Raises:
            BadId: nobody may bear that id.
            BadValue: the name is too long.
        """
        _need(identity, "admin")
        named = check_new_user_id(user)
        if name is not None and not 1 <= len(name) <= MAX_NAME:
            raise BadValue(f"name: 1 to {MAX_NAME} characters")
        standing = await self._directory.user(named)
        if standing is not None and name in (None, standing.name):
            return standing, False
        row = User(named, name or user, self._clock.now())
        created = await self._directory.put_user(row)
        return (row, True) if created else (await self._directory.user(named) or row, False)

    async def user(self, identity: Identity, user: str) -> User:
        """One user: oneself, or anybody with scope ``admin``. Raises ``NotFound``."""
        named = check_user_id(user)
        if named != identity.user:
            _need(identity, "admin")
        found = await self._directory.user(named)
        if found is None:
            raise NotFound("there is no such user")
        return found

    async def users(self, identity: Identity, after: str, limit: int) -> Sequence[User]:
        """At most ``limit`` users by name, those greater than ``after``."""
        _need(identity, "admin")
        return await self._directory.users(after, limit)

    async def delete_user(self, identity: Identity, user: str) -> None:
        """Remove a user, their memberships and devices, void their tokens and codes, and close their
        connections. The inbox stays. Raises ``NotFound``."""
        _need(identity, "admin")
        named = check_user_id(user)
        self._codes.forget(named)
        deleted = await self._users.delete(named)
        self._roster.forget(named)
        self._live.user_deleted(named)
        if not deleted:
            raise NotFound("there is no such user")

    # ----------------------------------------------------------------- members

    async def put_member(self, identity: Identity, topic: TopicName, user: str, access: Access) -> bool:
        """Give a user access to a space or document, which both exist from now on; True if created.

        Documents are shared by whoever may write them, spaces with scope ``admin`` alone.

        Raises:
            Forbidden: it is not the caller's to share.
            BadId: nobody may bear the user's name.
            Limit: too many members for one who isn't an administrator.
        """
        check_shared(topic)
        named = UserId(user)
        check_adds(identity, topic, await self._directory.members(topic), named)
        check_new_user_id(user)
        created = await self._directory.put_member(MemberRow(topic, named, access))
        self._live.access_changed(topic, named)
        return created

    async def member(self, identity: Identity, topic: TopicName, user: str) -> Access:
        """A user's access: one's own, or anybody's for whom ``members`` lists them. Raises ``NotFound``."""
        named = check_user_id(user)
        check_shared(topic)
        members = await self._directory.members(topic)
        if named != identity.user:
            check_sees(identity, topic, members)
        access = members.get(named)
        if access is None:
            raise NotFound("the user is no member")
        return access

    async def members(self, identity: Identity, topic: TopicName) -> Sequence[tuple[UserId, Access]]:
        """All members of a space or document, by name: for members who may write, and with scope ``admin``.
        Raises ``NotFound`` where there are none."""
        check_shared(topic)
        members = await self._directory.members(topic)
        check_sees(identity, topic, members)
        if not members:
            raise NotFound("there is no such space or document")
        return sorted(members.items())

    async def delete_member(self, identity: Identity, topic: TopicName, user: str) -> None:
        """Take a user's access away, at once; who may is as for ``put_member``. Raises ``NotFound``."""
        check_shared(topic)
        check_removes(identity, topic, await self._directory.members(topic))
        named = check_user_id(user)
        deleted = await self._directory.delete_member(topic, named)
        self._live.access_changed(topic, named)
        if not deleted:
            raise NotFound("the user is no member")


def _need(identity: Identity, scope: Scope) -> None:
    if scope not in identity.scopes:
        raise Forbidden(f"a token with scope {scope} is needed")


def _own(identity: Identity, user: str) -> UserId:
    """The user, whose devices the caller may see and revoke."""
    named = check_user_id(user)
    _need(identity, "user" if named == identity.user and "admin" not in identity.scopes else "admin")
    return named


def _end(refusal: Refusal) -> NoReturn:
    """A refusal of a hello, which ends the connection."""
    if isinstance(refusal, Unavailable):
        raise GoingAway(refusal.message) from refusal
    if isinstance(refusal, TokenVoid):
        raise BadToken(refusal.message) from refusal
    if isinstance(refusal, (BadId, BadValue)):
        raise Malformed(refusal.message) from refusal
    raise NotAllowed(refusal.message) from refusal
