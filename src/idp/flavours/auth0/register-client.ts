import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { parseObject } from '../../../lib/parse-object.ts';
import { readBytes } from '../../read-bytes.ts';
import { findAppProblems } from '../../seed/find-seed-conflicts.ts';
import { appSchema, type SeedApp } from '../../seed/seed-schema.ts';
import type { TenantEndpoint } from '../flavour.ts';
import { sendJson } from '../send-json.ts';

const longestBody = 64 * 1024;

const requestSchema = z.object({
  client_name: z.string().min(1).max(200).default('My App'),
  redirect_uris: z.array(z.string()).min(1),
  // "Use `none` for public clients or `client_secret_post` (default)".
  token_endpoint_auth_method: z.enum(['none', 'client_secret_post']).default('client_secret_post'),
  grant_types: z.array(z.string()).default(['authorization_code']),
});

/** Registration of third-party applications by anybody, where the tenant lets them (auth0.com/docs/get-started/applications
 * /dynamic-client-registration). Its metadata name the endpoint either way.
 */
export const registerClient: TenantEndpoint = async (tenant, request, response) => {
  const text = (await readBytes(request, longestBody))?.toString('utf8');
  const refuse = (status: number, error: string, message: string) => {
    tenant.log('registration refused', { reason: message });
    sendJson(response, status, { statusCode: status, error, message });
  };
  if (request.method !== 'POST') return refuse(404, 'Not Found', 'Not Found');
  const { registration: mode } = tenant.seed;
  // As people quote it.
  if (mode === undefined) return refuse(400, 'Bad Request', 'dynamic client registration is disabled');
  const parsed = requestSchema.safeParse(text === undefined ? undefined : parseObject(text));
  // Ours: the documentation says what is required, not how it is refused.
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(
      400,
      'Bad Request',
      `Payload validation error: '${issue?.message}' on property ${issue?.path.join('.')}`,
    );
  }
  const app = buildApp(parsed.data, mode === 'strict');
  if (typeof app === 'string') return refuse(400, 'Bad Request', `Payload validation error: ${app}`);
  tenant.registered.add(app);
  tenant.log('client registered', { client: app.clientId, name: app.label });
  sendJson(response, 200, {
    client_name: app.label,
    client_id: app.clientId,
    ...(app.clientSecret === undefined ? {} : { client_secret: app.clientSecret, client_secret_expires_at: 0 }),
    redirect_uris: app.redirectUris,
    grant_types: app.grantTypes,
    token_endpoint_auth_method: parsed.data.token_endpoint_auth_method,
  });
};

/** "Filtered down in response to reflect the ones it will be allowed to use." */
const grantable = ['authorization_code', 'refresh_token'] as const;

/** The application, or what is wrong with it. */
function buildApp(asked: z.output<typeof requestSchema>, isStrict: boolean): SeedApp | string {
  const random = (bytes: number) => randomBytes(bytes).toString('base64url');
  const isPublic = asked.token_endpoint_auth_method === 'none';
  const parsed = appSchema.safeParse({
    clientId: isStrict ? `tpc_${random(24)}` : random(24),
    ...(isPublic ? {} : { clientSecret: random(48) }),
    label: asked.client_name,
    type: isPublic ? 'native' : 'web',
    grantTypes: ['authorization_code', ...grantable.slice(1).filter((grant) => asked.grant_types.includes(grant))],
    redirectUris: asked.redirect_uris,
    ...(isStrict ? { thirdParty: true } : {}),
  });
  if (!parsed.success) return z.prettifyError(parsed.error);
  const wildcard = asked.redirect_uris.find((uri) => uri.includes('*'));
  if (wildcard !== undefined) return `"${wildcard}" is not an exact URL`;
  return findAppProblems(parsed.data)[0]?.message ?? parsed.data;
}
