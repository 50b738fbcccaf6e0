import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { sendJson, startHttpServer, type SeenRequest, type TestServer } from './start-http-server.ts';

/** A small authorization server with real keys, for tests that need to bend its answers. The whole flow of a user runs
 * against the development identity provider instead.
 */
export interface TestIssuer extends AsyncDisposable {
  readonly issuer: string;
  readonly tokenUrl: string;
  readonly jwksUrl: string;
  readonly server: TestServer;
  /** Keys as they are published now; tests may change the list. */
  readonly keys: JWK[];
  /** How often each path was asked for. */
  count(path: string): number;
  /** A caller's access token: valid for mcpserver unless the claims say otherwise (undefined leaves one out). */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Adds a new key and signs with it from now on. */
  rotate(alg?: string): Promise<void>;
  /** Answers of the token endpoint; by default an Okta-shaped exchange for audience backend. */
  onToken: (request: SeenRequest, response: ServerResponse) => void | Promise<void>;
  /** Answers of everything else, before the usual ones; return true when answered. */
  onOther: (request: SeenRequest, response: ServerResponse) => boolean;
}

export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

export async function startIssuer(
  options: { readonly alg?: string; readonly port?: number } = {},
): Promise<TestIssuer> {
  let current = await makeKey(options.alg ?? 'RS256');
  const keys: JWK[] = [current.jwk];
  const server = await startHttpServer((request, response) => {
    if (issuer.onOther(request, response)) return;
    const path = request.url.split('?')[0];
    if (path === '/oauth2/as1/v1/token') return issuer.onToken(request, response);
    if (path === '/oauth2/as1/v1/keys') return sendJson(response, 200, { keys });
    if (path === '/.well-known/oauth-authorization-server/oauth2/as1') {
      return sendJson(response, 200, {
        issuer: issuer.issuer,
        jwks_uri: issuer.jwksUrl,
        token_endpoint: issuer.tokenUrl,
      });
    }
    sendJson(response, 404, { error: 'not_found' });
  }, options.port);
  const issuerUrl = `${server.url}/oauth2/as1`;

  async function sign(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const usual = {
      ver: 1,
      jti: `AT.${randomUUID()}`,
      iss: issuerUrl,
      aud: 'mcpserver',
      iat: now,
      exp: now + 3600,
      cid: '0oaClient',
      uid: '00uAlice',
      scp: ['mcp:tools:call'],
      sub: 'alice@example.com',
    };
    return new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: current.alg, kid: current.jwk.kid ?? '', ...header })
      .sign(current.privateKey);
  }

  const issuer: TestIssuer = {
    issuer: issuerUrl,
    tokenUrl: `${issuerUrl}/v1/token`,
    jwksUrl: `${issuerUrl}/v1/keys`,
    server,
    keys,
    count: (path) => server.seen.filter((one) => one.url.split('?')[0] === path).length,
    sign,
    async rotate(alg = 'RS256') {
      current = await makeKey(alg);
      keys.push(current.jwk);
    },
    async onToken(request, response) {
      const form = new URLSearchParams(request.body);
      const payload = form.get('subject_token')?.split('.')[1];
      // An opaque token's user is Alice.
      const subject: unknown =
        payload === undefined
          ? { sub: 'alice@example.com', uid: '00uAlice' }
          : JSON.parse(Buffer.from(payload, 'base64url').toString());
      const { sub, uid } = subject as { sub: string; uid: string };
      const scope = form.get('scope') ?? '';
      const token = await sign({ aud: form.get('audience'), cid: '0oaGateway', sub, uid, scp: scope.split(' ') });
      sendJson(response, 200, {
        access_token: token,
        issued_token_type: accessTokenType,
        token_type: 'Bearer',
        expires_in: 3600,
        scope,
      });
    },
    onOther: () => false,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return issuer;
}

async function makeKey(
  alg: string,
): Promise<{ readonly alg: string; readonly privateKey: CryptoKey; readonly jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, privateKey, jwk: { ...(await exportJWK(publicKey)), alg, use: 'sig', kid: randomUUID() } };
}
