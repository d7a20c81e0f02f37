/** What opens a hub: a token or a link code, from the address or typed in. */

export type Given = { readonly token: string } | { readonly linkCode: string };

/** Null where none were given. */
export type Credentials = Given | null;

/** Those in an address's fragment, `#token=…` or `#code=…`. */
export function credentialsIn(fragment: string): Credentials {
  const params = new URLSearchParams(fragment.replace(/^#/, ""));
  return credentialsOf(params.get("token") ?? "", params.get("code") ?? "");
}

export function credentialsOf(token: string, code: string): Credentials {
  if (token.trim() !== "") return { token: token.trim() };
  return code.trim() === "" ? null : { linkCode: code.trim() };
}

/** What was pasted into one field: a token (three parts divided by points), a link that holds either, or a code. */
export function credentialsFrom(text: string): Credentials {
  const pasted = text.trim();
  const fragment = pasted.indexOf("#");
  if (fragment >= 0) return credentialsIn(pasted.slice(fragment));
  return pasted.split(".").length === 3 ? credentialsOf(pasted, "") : credentialsOf("", pasted);
}
