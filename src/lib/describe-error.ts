const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOENT: 'no such file or folder',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the quota of the disk is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  EPIPE: 'nobody reads it any more',
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connecting timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connecting timed out',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped half way',
  UND_ERR_SOCKET: 'connection closed before the answer was complete',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is not as long as it says',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'the answer is too large',
  UND_ERR_HEADERS_OVERFLOW: 'the answer has too many headers',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority (see --ca-file)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority (see --ca-file)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority (see --ca-file)',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed (see --ca-file)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port',
};

/** A system or connection error in a few words: what a person would look for, and the code for those who search for it. */
export function describe(error: unknown): string {
  const code = findErrorCode(error);
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  const reason = reasons[code];
  return reason === undefined ? code : `${reason} (${code})`;
}

/** What to do about a file that cannot be written.
 * @param usual said of permissions and whatever is not known
 */
export function adviseWriting(error: unknown, usual: string): string {
  const code = findErrorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'Make room on that disk';
  return code === 'EROFS' ? 'Let it be on a disk that can be written' : usual;
}

/** The code of the system, of TLS or of undici at the bottom of an error, where there is one. */
export function findErrorCode(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string') return current.code;
    // What happy eyeballs throws: one error per address.
    if (current instanceof AggregateError) return findErrorCode(current.errors[0]);
  }
  return undefined;
}
