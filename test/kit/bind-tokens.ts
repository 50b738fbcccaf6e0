import { hash } from 'node:crypto';
import { EmbeddedJWK, jwtVerify } from 'jose';
import { sendJson } from './start-http-server.ts';
import { accessTokenType, type TestIssuer } from './start-issuer.ts';

/** Lets an issuer bind what it exchanges to the key of the proof that comes with the request (RFC 9449 §5). */
export function bindTokens(issuer: TestIssuer): void {
  issuer.onToken = async (request, response) => {
    const { protectedHeader } = await jwtVerify(String(request.headers['dpop']), EmbeddedJWK, { typ: 'dpop+jwt' });
    const { crv, kty, x, y } = protectedHeader.jwk ?? {};
    const jkt = hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
    const token = await issuer.sign({ aud: 'backend', scp: ['backend-api:read'], cnf: { jkt } });
    const answer = { access_token: token, issued_token_type: accessTokenType, token_type: 'DPoP', expires_in: 3600 };
    sendJson(response, 200, { ...answer, scope: 'backend-api:read' });
  };
}
