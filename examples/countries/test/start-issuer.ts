import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueAuthority, issueLeaf } from '../../../src/idp/tls/issue-certificates.ts';

/** An authorization server in Okta's shape, as far as a resource server sees it: metadata and keys, over TLS. */
export interface TestIssuer extends AsyncDisposable {
  readonly issuer: string;
  /** PEM file of the CA that signed the server's certificate. */
  readonly caFile: string;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
  /** Signs an access token of Okta's form with the given claims on top; undefined leaves a claim out. */
  sign(claims?: Readonly<Record<string, unknown>>, header?: { readonly kid: string | undefined }): Promise<string>;
}

/** Starts the issuer on a free port of localhost. */
export async function startIssuer(): Promise<TestIssuer> {
  const folder = mkdtempSync(join(tmpdir(), 'countries-issuer-'));
  const caFile = join(folder, 'ca.pem');
  const authority = await issueAuthority(Date.now());
  writeFileSync(caFile, authority.certificate);
  const { certificate, key } = await issueLeaf(authority, Date.now());
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const kid = 'test-key';
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }] };
  const requests: string[] = [];
  let issuer = '';
  const server = createServer({ cert: certificate, key }, (req, res) => {
    const path = req.url ?? '';
    requests.push(path);
    const documents: Record<string, unknown> = {
      '/oauth2/backend/v1/keys': keys,
      '/oauth2/backend/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/v1/keys` },
    };
    const document = documents[path];
    if (document === undefined) res.writeHead(404).end();
    else res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the issuer has no port');
  issuer = `https://localhost:${address.port}/oauth2/backend`;

  return {
    issuer,
    caFile,
    requests,
    sign(claims = {}, { kid: named } = { kid }) {
      const nowSeconds = Math.floor(Date.now() / 1000);
      const all = {
        ver: 1,
        jti: 'AT.test',
        iss: issuer,
        aud: 'backend',
        iat: nowSeconds,
        exp: nowSeconds + 300,
        cid: 'gateway',
        scp: ['backend-api:read'],
        sub: 'alice@example.com',
        ...claims,
      };
      return new SignJWT(all)
        .setProtectedHeader({ alg: 'RS256', ...(named === undefined ? {} : { kid: named }) })
        .sign(privateKey);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}
