/**
 * What the SDK's transport for browsers names. Its file is read here for what it shares with that of WeChat; a phone has none of
 * these, and the bundle leaves them out.
 */
declare function fetch(
  url: string,
  options: object,
): Promise<{ readonly status: number; arrayBuffer(): Promise<ArrayBuffer> }>;

declare class AbortController {
  readonly signal: object;
  abort(): void;
}
