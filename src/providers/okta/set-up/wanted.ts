/** What an org shall have, in the words of its console (docs/guides/okta.md). */
export interface OktaWanted {
  /** Where people sign in. */
  readonly signIn: { readonly audience: string; readonly scopes: readonly string[] };
  /** What the API trusts. */
  readonly backend: { readonly audience: string; readonly scopes: readonly string[] };
  /** The app people's MCP client signs in with. */
  readonly client: { readonly label: string; readonly redirectUris: readonly string[] };
  /** The app of the gateway. */
  readonly gateway: {
    readonly label: string;
    /** Have its tokens bound to a key of the gateway (RFC 9449). Undefined follows Okta: new apps demand that, and an app that is
     * there stays as it is.
     */
    readonly dpop: boolean | undefined;
    /** What proofs are made for, where it is not the server behind: the API it hands token and proof on to. */
    readonly dpopUrl?: string | undefined;
  };
  /** The group that may use the client. */
  readonly group: string;
}

/** What clients ask for beside the scopes of the API; a rule that leaves one out refuses all. */
export const openIdScopes: readonly string[] = ['openid', 'profile', 'email', 'offline_access'];
