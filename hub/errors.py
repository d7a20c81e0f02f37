"""The one tree of errors. Each has a stable code, a sentence, whether a retry helps, a close code.

HubError
├── Refusal             input that breaks a rule: ``no`` or a problem document; the connection lives
│   ├── BadId  BadField  BadValue  Exists  ClockAhead  Forbidden  UnknownTopic  UnknownHandle
│   ├── Limit  TooBig  Gap  Refused
│   ├── NotFound  BadRequest  Unauthorized        (HTTP only)
│   │   └── TokenVoid                             (an Unauthorized; 4401 on the wires)
│   └── Unavailable  Internal                     (a retry helps)
├── Fatal               ends the connection with its close code
│   ├── Malformed 4400  BadToken 4401  NotAllowed 4403  MessageTooBig 4413
│   └── InternalError 4500  TokenExpired 4501  GoingAway 4503  TooSlow 4508  TooFast 4529
└── StartError          why the process does not start: a sentence that says what to do
    ├── BadConfig  DataFolderInUse  DataFolderNewer  DataFolderUnusable  PortInUse

Close codes 44xx: do not come back unchanged. 45xx: come back.
The docstring of a class is the sentence a user reads when none was given.
"""

from __future__ import annotations

from typing import ClassVar


class HubError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"
    retry: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (self.__doc__ or self.code).partition("\n")[0]
        super().__init__(self.message)


class Refusal(HubError):
    """The input breaks a rule; nothing was changed.

    Args:
        message: what is wrong, for a person; the class's sentence by default.
        at: index of the refused statement within its push.
        retry_after: milliseconds after which a retry makes sense.
        state_vector: what the hub holds of a document (Yjs encoding), with ``gap``.
    """

    status: ClassVar[int] = 400

    def __init__(
        self,
        message: str | None = None,
        *,
        at: int | None = None,
        retry_after: int | None = None,
        state_vector: bytes | None = None,
    ) -> None:
        super().__init__(message)
        self.at = at
        self.retry_after = retry_after
        self.state_vector = state_vector


class BadId(Refusal):
    """The id is not of the allowed alphabet or length."""

    code = "bad_id"
    status = 422


class BadField(Refusal):
    """There is no such field on this kind of item."""

    code = "bad_field"
    status = 422


class BadValue(Refusal):
    """The value is not of the field's type or range."""

    code = "bad_value"
    status = 422


class Exists(Refusal):
    """An item with this id and other content exists."""

    code = "exists"
    status = 409


class ClockAhead(Refusal):
    """The stamp lies more than 60 seconds ahead of the hub's clock; set the clock it was made by."""

    code = "clock_ahead"
    status = 422


class Forbidden(Refusal):
    """The token does not give this right."""

    code = "forbidden"
    status = 403


class UnknownTopic(Refusal):
    """There is no such topic, or it is not yours to open."""

    code = "unknown_topic"
    status = 404


class UnknownHandle(Refusal):
    """The handle is not open on this connection."""

    code = "unknown_handle"
    status = 404


class Limit(Refusal):
    """A limit is reached."""

    code = "limit"
    status = 429


class TooBig(Refusal):
    """The content is larger than the limit."""

    code = "too_big"
    status = 413


class Gap(Refusal):
    """The update builds on content that the hub does not hold; send what lies above `state_vector`."""

    code = "gap"
    status = 409


class Refused(Refusal):
    """The update is not a valid Yjs update for this document."""

    code = "refused"
    status = 422


class NotFound(Refusal):
    """There is no such thing."""

    code = "not_found"
    status = 404


class BadRequest(Refusal):
    """The request can't be understood."""

    code = "bad_request"


class Unauthorized(Refusal):
    """A valid token is needed: `Authorization: Bearer <token>`."""

    code = "unauthorized"
    status = 401


class TokenVoid(Unauthorized):
    """The token was issued before its user was deleted; a newer one is needed."""


class Unavailable(Refusal):
    """The hub can't save right now; nothing was changed, try again."""

    code = "unavailable"
    retry = True
    status = 503


class Internal(Refusal):
    """The hub failed; the operator's log tells more."""

    code = "internal"
    retry = True
    status = 500


class Fatal(HubError):
    """The connection ends."""

    close_code: ClassVar[int] = 4500


class Malformed(Fatal):
    """The message can't be decoded or has the wrong shape."""

    code = "malformed"
    close_code = 4400


class BadToken(Fatal):
    """The token is missing, invalid or expired."""

    code = "token"
    close_code = 4401


class NotAllowed(Fatal):
    """The token does not give this right, or the device was revoked or belongs to someone else."""

    code = "forbidden"
    close_code = 4403


class MessageTooBig(Fatal):
    """The message is larger than the limit."""

    code = "too_big"
    close_code = 4413


class InternalError(Fatal):
    """The hub failed; come back."""

    code = "internal"
    retry = True
    close_code = 4500


class TokenExpired(Fatal):
    """The token expired; come back with a new one."""

    code = "token_expired"
    retry = True
    close_code = 4501


class GoingAway(Fatal):
    """The hub is going away; come back."""

    code = "going_away"
    retry = True
    close_code = 4503


class TooSlow(Fatal):
    """The connection did not drain or was silent for too long."""

    code = "slow"
    retry = True
    close_code = 4508


class TooFast(Fatal):
    """Too many failed attempts from this address or too many connections; come back later."""

    code = "too_fast"
    retry = True
    close_code = 4529


class StartError(HubError):
    """The hub can't start."""

    code = "start"


class BadConfig(StartError):
    """The configuration is not valid."""

    code = "bad_config"


class DataFolderInUse(StartError):
    """Another hub uses this data folder."""

    code = "data_in_use"


class DataFolderNewer(StartError):
    """The data folder was written by a newer version; nothing was touched."""

    code = "data_newer"


class DataFolderUnusable(StartError):
    """The data folder can't be used."""

    code = "data_unusable"


class PortInUse(StartError):
    """The address is in use."""

    code = "port_in_use"
