import { type Credentials, credentialsIn } from "../model/credentials.ts";

/** The credentials in the address, which are gone from it at once: they are not to be copied, kept or shown. */
export function takeCredentials(): Credentials {
  const { hash, href } = window.location;
  const credentials = credentialsIn(hash);
  // Whole: a path that begins with two slashes would be read as another host.
  if (credentials !== null) window.history.replaceState(window.history.state, "", href.split("#")[0]);
  return credentials;
}
