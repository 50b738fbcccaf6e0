import type { Secret } from '../model/secret.ts';

/** How somebody can be let sign in. */
export interface SignInAid {
  readonly clientId: string;
  /** Without one it is a public client. */
  readonly clientSecret?: Secret;
  /** On this machine, registered with the client. */
  readonly redirectUri: string;
  /** Shows the address that somebody has to open in a browser. */
  readonly show: (url: string) => void;
  /** How long to wait for them; five minutes when absent. */
  readonly patienceMs?: number;
}
