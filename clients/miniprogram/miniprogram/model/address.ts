/** Where a hub is and the code that signs in there, as a QR code or a person's typing holds them. There is no `URL` here. */

export interface Invitation {
  /** `https://…` without a path of its own at the end. */
  readonly url: string;
  readonly code: string;
}

const ADDRESS = /^(https?:\/\/[^\s/?#]+(?:\/[^\s?#]*)?)(?:\?[^\s#]*)?$/i;
const CODE = /^[A-Za-z0-9_.~-]{1,128}$/;

/** The address alone; null where it is none. */
export function hubAddress(text: string): string | null {
  return ADDRESS.exec(text.trim())?.[1]?.replace(/\/+$/, "") ?? null;
}

/** What `<hub>/#code=…` holds; null where a text is nothing of the kind. */
export function invitationIn(text: string): Invitation | null {
  const [address = "", fragment = ""] = text.trim().split("#", 2);
  const code = fragment
    .split("&")
    .find((part) => part.startsWith("code="))
    ?.slice("code=".length);
  return code === undefined ? null : invitationOf(address, decoded(code));
}

/** What was typed: an address and a code, or a whole link in place of the code. */
export function invitationOf(address: string, code: string): Invitation | null {
  if (code.includes("#")) return invitationIn(code);
  const url = hubAddress(address);
  return url === null || !CODE.test(code.trim()) ? null : { url, code: code.trim() };
}

/** The link to show on a signed-in device. */
export function linkOf({ url, code }: Invitation): string {
  return `${url}/#code=${encodeURIComponent(code)}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
