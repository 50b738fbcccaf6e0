/** What an `Authorization` header presents. */
export interface PresentedToken {
  readonly token: string;
  /** By the scheme `DPoP` (RFC 9449 §7.1), with a proof in another header; otherwise `Bearer` (RFC 6750 §2.1). */
  readonly isDpop: boolean;
}

/** Reads the token out of an `Authorization` header: undefined when there is no such credential at all, `malformed` when
 * what stands there is no signed token in compact form (RFC 7515 §3.1). */
export function readAccessToken(
  header: string | undefined,
): PresentedToken | undefined | { readonly malformed: string } {
  const match = /^(bearer|dpop) +(.*)$/i.exec(header ?? '');
  if (match === null) return undefined;
  const [, scheme = '', token = ''] = match;
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) {
    return { malformed: 'it is not a signed token: header, payload and signature with dots between them' };
  }
  return { token, isDpop: scheme.toLowerCase() === 'dpop' };
}
