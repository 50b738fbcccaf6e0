import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { readConfig } from '../../examples/countries/mcp/read-config.ts';
import { startMcpServer } from '../../examples/countries/mcp/start-mcp-server.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';

export interface Countries extends AsyncDisposable {
  readonly mcpUrl: string;
  /** Claims of every token the API accepted, in order. */
  readonly accepted: readonly JWTPayload[];
  /** Why it refused others. */
  readonly refused: readonly string[];
}

const folder = fileURLToPath(new URL('../../examples/countries', import.meta.url));

/** The MCP server of the countries example, and behind it an API that takes nothing but access tokens of `issuer` for
 * `backend` with the scope `backend-api:read`, checked by the issuer's published keys.
 */
export async function startCountries(issuer: string): Promise<Countries> {
  const metadata = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as { jwks_uri: string };
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
  const accepted: JWTPayload[] = [];
  const refused: string[] = [];
  const api = await startHttpServer(async ({ headers }, response) => {
    try {
      const token = headers.authorization?.replace('Bearer ', '') ?? '';
      const { payload } = await jwtVerify(token, keys, { issuer, audience: 'backend', requiredClaims: ['exp', 'sub'] });
      // Text as RFC 9068 §2.2.3 has it, or a list.
      const scopes = Array.isArray(payload['scope']) ? payload['scope'] : String(payload['scope']).split(' ');
      if (!scopes.includes('backend-api:read')) throw new Error(`scope is ${scopes.join(' ')}`);
      accepted.push(payload);
      sendJson(response, 200, { data: { country: { code: 'CZ', name: 'Czechia', capital: 'Prague' } } });
    } catch (error) {
      refused.push(error instanceof Error ? error.message : String(error));
      sendJson(response, 401, { error: 'invalid_token' });
    }
  });
  const config = readConfig(join(folder, 'apollo-mcp-config.yaml'), {
    COUNTRIES_DIR: folder,
    COUNTRIES_API_URL: api.url,
    COUNTRIES_MCP_PORT: '0',
    OKTA_ISSUER: issuer,
    OKTA_AUDIENCE: 'backend',
    REQUIRED_SCOPES: 'backend-api:read',
  });
  const server = await startMcpServer(config, { logFormat: 'json', port: 0 });
  return {
    mcpUrl: server.url,
    accepted,
    refused,
    async [Symbol.asyncDispose]() {
      await server.close();
      await api[Symbol.asyncDispose]();
    },
  };
}
