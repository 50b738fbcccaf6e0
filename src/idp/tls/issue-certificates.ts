import './reflect-metadata.ts';
import { randomBytes, webcrypto } from 'node:crypto';

// Not before the polyfill, in whatever order imports are put together.
const x509 = await import('@peculiar/x509');

/** A certificate with its private key, both PEM. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;

/** Makes a certificate authority that can vouch for this machine's loopback names and nothing else: who trusts it
 * trusts it for no other site, even when its key leaks.
 */
export async function issueAuthority(nowMs: number): Promise<CertificateAndKey> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: ['Usher development CA'] }, { OU: [`made ${new Date(nowMs).toISOString().slice(0, 10)}`] }],
    notBefore: new Date(nowMs - dayMs),
    notAfter: new Date(nowMs + 3650 * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.Extension('2.5.29.30', true, loopbackOnly()),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** Makes the certificate of the TLS side: localhost, 127.0.0.1 and ::1, for 397 days (the most browsers take). */
export async function issueLeaf(authority: CertificateAndKey, nowMs: number): Promise<CertificateAndKey> {
  const keys = await generateKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: ['localhost'] }],
    issuer: issuer.subjectName,
    notBefore: new Date(nowMs - dayMs),
    notAfter: new Date(nowMs + 396 * dayMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** RFC 5280 §4.2.1.10: permitted are the DNS name localhost with all under it, 127.0.0.0/8 and ::1. */
function loopbackOnly(): Uint8Array<ArrayBuffer> {
  const subtree = (tag: number, value: Buffer) => der(0x30, der(tag, value));
  const permitted = Buffer.concat([
    subtree(0x82, Buffer.from('localhost')),
    subtree(0x87, Buffer.from([127, 0, 0, 0, 255, 0, 0, 0])),
    subtree(0x87, Buffer.from([...Array<number>(15).fill(0), 1, ...Array<number>(16).fill(255)])),
  ]);
  return Uint8Array.from(der(0x30, der(0xa0, permitted)));
}

/** One DER element; all of ours are shorter than 128 bytes, so that the length is one byte. */
function der(tag: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, value.length]), value]);
}

/** 127 random bits: positive and never the same twice (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${bytes.replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const bytes = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  return await webcrypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']);
}
