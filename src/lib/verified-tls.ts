/** TLS settings under which the other side is always verified. Said aloud, since Node otherwise lets an environment
 * variable (NODE_TLS_REJECT_UNAUTHORIZED) switch it off for the whole process.
 */
export function verifiedTls(ca?: readonly string[]): { readonly rejectUnauthorized: true; readonly ca?: string[] } {
  return { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca: [...ca] }) };
}
