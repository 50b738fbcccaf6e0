/** Where an issuer's metadata can be, in the order MCP clients try them (MCP 2026-07-28, authorization server discovery),
 * then Okta's appended form. RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID Connect behind it.
 */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    ...new Set([
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
      `${origin}${path}/.well-known/oauth-authorization-server`,
    ]),
  ];
}
