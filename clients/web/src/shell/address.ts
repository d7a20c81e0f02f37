import { type Credentials, credentialsIn } from "../model/credentials.ts";

/** The credentials in the address, which are gone from it at once: they are not to be copied, kept or shown. */
export function takeCredentials(): Credentials {
  const { hash, pathname, search } = window.location;
  const credentials = credentialsIn(hash);
  if (credentials !== null) window.history.replaceState(window.history.state, "", pathname + search);
  return credentials;
}
