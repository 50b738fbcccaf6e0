/** Reads the token out of an `Authorization: Bearer …` header (RFC 6750 §2.1): undefined when there is no bearer
 * credential at all, `malformed` when what stands there is no signed token in compact form (RFC 7515 §3.1). */
export function readBearerToken(header: string | undefined): string | undefined | { readonly malformed: string } {
  const match = /^bearer +(.*)$/i.exec(header ?? '');
  if (match === null) return undefined;
  const token = match[1] ?? '';
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) {
    return { malformed: 'it is not a signed token: header, payload and signature with dots between them' };
  }
  return token;
}
