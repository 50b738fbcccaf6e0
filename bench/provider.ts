// The identity provider of the benchmark: one issuer with a real RS256 key and two token endpoints, one that answers at
// once and one that takes 20 ms. Every exchange signs a token anew, as a provider does.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { answerQuestions } from './peer.ts';

const { privateKey, publicKey } = await generateKeyPair('RS256');
const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' }] };
const counts = { immediate: 0, delayed: 0, introspections: 0 };
let underWay = 0;
let peak = 0;
let issued = 0;

const server = createServer((request, response) => {
  underWay += 1;
  peak = Math.max(peak, underWay);
  response.once('close', () => (underWay -= 1));
  void handle(request, response);
});
const port = await new Promise<number>((resolve) => {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : 0);
  });
});
const issuer = `http://127.0.0.1:${port}`;

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (request.url ?? '') {
    case '/.well-known/oauth-authorization-server':
    case '/.well-known/openid-configuration':
      return answer(response, {
        issuer,
        jwks_uri: `${issuer}/keys`,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token/immediate`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      });
    case '/keys':
      return answer(response, jwks);
    case '/token/immediate':
      return answer(response, await exchange(request, 0));
    case '/introspect':
      return answer(response, await introspect(request));
    case '/token/delayed':
      return answer(response, await exchange(request, 20));
    default:
      response.writeHead(404).end();
  }
}

function answer(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

async function exchange(request: IncomingMessage, waitMs: number): Promise<object> {
  let form = '';
  for await (const chunk of request) form += String(chunk);
  counts[waitMs === 0 ? 'immediate' : 'delayed'] += 1;
  const jkt = await thumbprintOf(request.headers['dpop']);
  const [subject] = await Promise.all([subjectOf(new URLSearchParams(form)), delay(waitMs)]);
  return {
    access_token: await sign(subject, 'backend', 'backend-api:read', { jkt }),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: 3600,
    scope: 'backend-api:read',
  };
}

/** Of the key in a proof (RFC 9449 §5), taken as it is. */
async function thumbprintOf(proof: string | string[] | undefined): Promise<string | undefined> {
  const { jwk } = proof === undefined ? {} : decodeProtectedHeader(String(proof));
  return jwk === undefined ? undefined : calculateJwkThumbprint(jwk);
}

/** RFC 7662, of tokens signed here. */
async function introspect(request: IncomingMessage): Promise<object> {
  let form = '';
  for await (const chunk of request) form += String(chunk);
  counts.introspections += 1;
  const { iss, aud, sub, exp, iat, jti, scp } = decodeJwt<{ scp: string[] }>(
    new URLSearchParams(form).get('token') ?? '',
  );
  return { active: true, token_type: 'Bearer', iss, aud, sub, exp, iat, jti, scp };
}

async function subjectOf(form: URLSearchParams): Promise<string> {
  return decodeJwt(form.get('subject_token') ?? '').sub ?? '';
}

/** A token with about the claims a provider puts in. */
function sign(
  subject: string,
  audience: string,
  scope: string,
  { lifeSeconds = 7200, jkt }: { readonly lifeSeconds?: number | undefined; readonly jkt?: string | undefined } = {},
): Promise<string> {
  issued += 1;
  const usual = { ver: 1, cid: '0oa1benchclient', uid: `00u${subject}`, scp: [scope], auth_time: 1_700_000_000 };
  return new SignJWT(jkt === undefined ? usual : { ...usual, cnf: { jkt } })
    .setProtectedHeader({ alg: 'RS256', kid: 'bench' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setJti(`AT.bench-${issued}`)
    .setIssuedAt()
    .setExpirationTime(`${lifeSeconds}s`)
    .sign(privateKey);
}

answerQuestions({
  ready: () => ({ port }),
  sign: async ({ count, lifeSeconds, jkt }) => ({
    tokens: await Promise.all(
      Array.from({ length: count }, () =>
        sign(`user-${issued}@example.com`, 'mcpserver', 'mcp:tools:call', { lifeSeconds, jkt }),
      ),
    ),
  }),
  exchanges() {
    const answered = { ...counts, peak };
    peak = underWay;
    return answered;
  },
});
