/** What a token says of itself. Whether that is true is the hub's business: it checks the signature. */

interface Claims {
  readonly sub?: unknown;
  readonly exp?: unknown;
  readonly scope?: unknown;
}

function claimsOf(token: string): Claims {
  try {
    const claims: unknown = JSON.parse(
      atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")),
    );
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

/** Whose it is; null where it doesn't tell. */
export function userOf(token: string): string | null {
  const { sub } = claimsOf(token);
  return typeof sub === "string" ? sub : null;
}

/** Whether it says that it is for something else than an inbox: for managing or publishing alone. */
export function hasNoInbox(token: string): boolean {
  const { scope } = claimsOf(token);
  return typeof scope === "string" && !scope.split(" ").includes("user");
}

/** When it ends, in seconds since 1970; Infinity where it doesn't tell. */
function endOf(token: string): number {
  const { exp } = claimsOf(token);
  return typeof exp === "number" ? exp : Number.POSITIVE_INFINITY;
}

/** `other`, where it is the same user's and lasts longer; else `own`. */
export function longer(own: string, other: string | null): string {
  const better = other !== null && userOf(other) === userOf(own) && endOf(other) > endOf(own);
  return better ? other : own;
}
