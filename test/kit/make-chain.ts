import '../../src/idp/tls/reflect-metadata.ts';
import { webcrypto } from 'node:crypto';
import type * as X509 from '@peculiar/x509';

// Not before the polyfill.
const x509: typeof X509 = await import('@peculiar/x509');

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;

/** A root, an intermediate and a leaf for localhost, all PEM. */
export interface TestChain {
  readonly root: string;
  readonly intermediate: string;
  readonly leaf: string;
  readonly key: string;
}

/** Makes a chain of which each certificate has so many days left, and has lived as long as it takes for a year in all. */
export async function makeChain(daysLeft: { root: number; intermediate: number; leaf: number }): Promise<TestChain> {
  const make = async (name: string, days: number, issuer: Issued | undefined): Promise<Issued> => {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const isLeaf = name === 'localhost';
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: `1${String(days + 10_000)}`,
      subject: `CN=${name}`,
      issuer: issuer?.certificate.subject ?? `CN=${name}`,
      notBefore: new Date(Date.now() + (days - 365) * dayMs),
      notAfter: new Date(Date.now() + days * dayMs + 60_000),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: issuer?.keys.privateKey ?? keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(!isLeaf, undefined, true),
        ...(isLeaf ? [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])] : []),
      ],
    });
    return { keys, certificate };
  };
  const root = await make('Test root', daysLeft.root, undefined);
  const intermediate = await make('Test intermediate', daysLeft.intermediate, root);
  const leaf = await make('localhost', daysLeft.leaf, intermediate);
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', leaf.keys.privateKey)).toString('base64');
  return {
    root: `${root.certificate.toString('pem')}\n`,
    intermediate: `${intermediate.certificate.toString('pem')}\n`,
    leaf: `${leaf.certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}

interface Issued {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly certificate: X509.X509Certificate;
}
