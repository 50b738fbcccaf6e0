import { X509Certificate } from 'node:crypto';

const longestPath = 10;
const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** All certificates of PEM text, in its order. What is none is left out: other checks say so. */
export function parseCertificates(pem: string): readonly X509Certificate[] {
  return (pem.match(pemCertificate) ?? []).flatMap((text) => {
    try {
      return [new X509Certificate(text)];
    } catch {
      return [];
    }
  });
}

/** The certificates by which a leaf is believed, itself first: those that were sent, up to an authority that is trusted here.
 * As OpenSSL does it: a trusted issuer comes before one that was sent (`X509_V_FLAG_TRUSTED_FIRST`), so that an old cross-signed
 * root that is still sent along says nothing.
 * @param sent leaf first
 */
export function findPath(
  sent: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): readonly X509Certificate[] {
  const path = sent.slice(0, 1);
  for (let current = path[0]; current !== undefined && path.length < longestPath;) {
    if (isIssuedBy(current, current)) break;
    const issuer = findIssuer(current, trusted) ?? findIssuer(current, sent);
    if (issuer !== undefined) path.push(issuer);
    current = issuer;
  }
  return path;
}

/** The certificate of a path that ends first; undefined for an empty one. */
export function findFirstToEnd(path: readonly X509Certificate[]): X509Certificate | undefined {
  return path.toSorted((a, b) => a.validToDate.getTime() - b.validToDate.getTime())[0];
}

/** An authority that was renewed with the same key stands there twice: the one that lasts longer counts. */
function findIssuer(of: X509Certificate, among: readonly X509Certificate[]): X509Certificate | undefined {
  return among
    .filter((one) => one.fingerprint256 !== of.fingerprint256 && isIssuedBy(of, one))
    .toSorted((a, b) => b.validToDate.getTime() - a.validToDate.getTime())[0];
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
