import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';

const timeoutMs = 5_000;

/** Shakes hands with a TLS server and reads the certificates it sends, leaf first. They are not judged here: one that has ended
 * has to be seen to be named. Nothing is sent on this connection, so nobody learns anything by it.
 * @throws Error when there is no handshake
 */
export function readSentCertificates({ hostname, port }: URL): Promise<readonly X509Certificate[]> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port === '' ? '443' : port),
      // An address is no server name (RFC 6066 §3).
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: false,
      timeout: timeoutMs,
    });
    const timer = setTimeout(() => socket.destroy(new Error(`no handshake within ${timeoutMs} ms`)), timeoutMs);
    socket.once('secureConnect', () => {
      const certificates = listChain(socket.getPeerCertificate(true));
      socket.end();
      resolve(certificates);
    });
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection was closed before the handshake was over'));
    });
  });
}

/** Node links each to its issuer; a self-signed one to itself. */
function listChain(leaf: DetailedPeerCertificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  for (let one: DetailedPeerCertificate | undefined = leaf; one?.raw !== undefined; one = one.issuerCertificate) {
    if (seen.has(one.fingerprint256)) break;
    seen.add(one.fingerprint256);
    chain.push(new X509Certificate(one.raw));
  }
  return chain;
}
