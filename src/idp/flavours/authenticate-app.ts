import type { IncomingMessage } from 'node:http';
import { isSame } from '../directory.ts';
import type { SeedApp } from '../seed/seed-schema.ts';
import { findApp, isPublic } from './directory.ts';
import type { Parameters, Tenant } from './flavour.ts';
import { TokenRefusal } from './token-refusal.ts';

/** Which app asks: RFC 6749 §2.3.1, Basic, or id and secret in the form.
 * @throws TokenRefusal
 */
export function authenticateApp(tenant: Tenant, request: IncomingMessage, parameters: Parameters): SeedApp {
  const { refusals } = tenant.flavour;
  const basic = parseBasic(request.headers.authorization);
  const clientId = basic?.clientId ?? parameters['client_id'] ?? '';
  const secret = basic?.secret ?? parameters['client_secret'];
  const app = findApp(tenant.seed, clientId);
  const details = { clientId, org: tenant.seed.org };
  if (app === undefined) throw new TokenRefusal(refusals.clientUnknown, 'the seed has no such app', details);
  if (isPublic(app)) return app;
  if (secret === undefined) throw new TokenRefusal(refusals.secretMissing, 'the app has a secret, none came', details);
  if (!isSame(secret, app.clientSecret ?? ''))
    throw new TokenRefusal(refusals.secretInvalid, 'another secret than the seed has', details);
  return app;
}

function parseBasic(header: string | undefined): { readonly clientId: string; readonly secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  // RFC 6749 §2.3.1: both halves are form-encoded.
  const decode = (text: string) => new URLSearchParams(`x=${text}`).get('x') ?? '';
  return { clientId: decode(clientId), secret: decode(rest.join(':')) };
}
