/** What happened on somebody's way in by the façade. */
export const signInEvents = {
  registered: 'an app registered itself',
  agreed: 'a person let an app in, and was sent on to the provider',
  denied: 'a person did not let an app in',
  issued: 'an app got its first tokens',
  refreshed: 'an app got further tokens',
  refused: 'an app, a browser or the provider was refused, at any of the addresses',
  'code-reused': 'a code was shown a second time',
  'refresh-token-reused': 'a refresh token was shown a second time: somebody has a copy',
} as const;

export type SignInEvent = keyof typeof signInEvents;

/** The sign-in a record of the audit trail is about: which app, where it is, at which provider. Nothing in it opens anything. */
export interface SignIn {
  readonly event: SignInEvent;
  /** The same from a person's yes to the last refresh. */
  readonly flow?: string;
  /** The app: the URL of its document, or a digest of its registration. */
  readonly app?: string;
  /** What it calls itself: nobody checked. */
  readonly appName?: string;
  readonly redirectUri?: string;
  readonly scopes?: readonly string[];
  /** Issuer people sign in at, and the one client the façade is there. */
  readonly provider: string;
  readonly providerClient: string;
  /** OAuth error code the app or the person got (RFC 6749 §4.1.2.1, §5.2). */
  readonly error?: string;
}
