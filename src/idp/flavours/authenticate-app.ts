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
  const app = findApp(tenant, clientId);
  const details = { clientId, org: tenant.seed.org, label: app?.label ?? '' };
  if (app === undefined) throw new TokenRefusal(refusals.clientUnknown, 'the seed has no such app', details);
  if (app.disabled === true)
    throw new TokenRefusal(refusals.clientDisabled ?? refusals.clientUnknown, 'the app is disabled', details);
  if (parameters['client_assertion'] !== undefined)
    throw new TokenRefusal(refusals.assertionUnknown ?? refusals.secretInvalid, 'apps of a seed have no keys', details);
  const secret = basic?.secret ?? parameters['client_secret'];
  checkSecret(tenant, app, secret, details);
  return app;
}

function checkSecret(
  tenant: Tenant,
  app: SeedApp,
  secret: string | undefined,
  details: Readonly<Record<string, string>>,
): void {
  const { refusals } = tenant.flavour;
  if (isPublic(app)) {
    if (secret !== undefined && refusals.secretUnwanted !== undefined)
      throw new TokenRefusal(refusals.secretUnwanted, 'the app is a public client', details);
    return;
  }
  if (secret === undefined) throw new TokenRefusal(refusals.secretMissing, 'the app has a secret, none came', details);
  if (app.authenticatesBy === 'key' || !isSame(secret, app.clientSecret ?? ''))
    throw new TokenRefusal(refusals.secretInvalid, 'another secret than the seed has, or none is taken', details);
  if (app.clientSecretExpiresAt !== undefined && Date.parse(app.clientSecretExpiresAt) <= tenant.now())
    throw new TokenRefusal(refusals.secretExpired ?? refusals.secretInvalid, 'clientSecretExpiresAt is over', details);
}

function parseBasic(header: string | undefined): { readonly clientId: string; readonly secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  // RFC 6749 §2.3.1: both halves are form-encoded.
  const decode = (text: string) => new URLSearchParams(`x=${text}`).get('x') ?? '';
  return { clientId: decode(clientId), secret: decode(rest.join(':')) };
}
