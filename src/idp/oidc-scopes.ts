/** Scopes every server has without configuring them. Tokens for an API may carry them; exchanges may not ask for them. */
export const oidcScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);
