import type { IncomingMessage } from 'node:http';
import type { Parameters, Tenant } from '../flavour.ts';
import { readParameters } from '../read-parameters.ts';
import { TokenRefusal } from '../token-refusal.ts';
import type { DeviceCodes } from './device-codes.ts';

/** Answers the device authorization endpoint (RFC 8628 §3.2).
 * @throws TokenRefusal
 */
export async function answerDeviceRequest(
  tenant: Tenant,
  codes: DeviceCodes,
  request: IncomingMessage,
): Promise<Readonly<Record<string, unknown>>> {
  const { flavour, seed, origin, layout } = tenant;
  const { device, refusals } = flavour;
  const parameters = await readParameters(request);
  if (parameters === undefined)
    throw new TokenRefusal(refusals.parameterMissing, 'no form, or a parameter twice', { name: 'client_id' });
  const app = device.admit(tenant, request, parameters);
  const asked = device.readRequest?.(tenant, app, parameters) ?? flavour.readAuthorization(tenant, app, parameters);
  const codeChallenge = device.takesChallenge ? readChallenge(parameters) : undefined;
  const { deviceCode, userCode } = codes.add({ app, asked, codeChallenge, nonce: parameters['nonce'] });
  tenant.log('device code issued', { client: app.clientId, scopes: parameters['scope'] });
  const uri = origin + device.page(layout);
  return {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: uri,
    ...(device.hasCompleteUri ? { verification_uri_complete: `${uri}?user_code=${userCode}` } : {}),
    expires_in: seed.lifetimes.deviceCodeSeconds,
    interval: seed.lifetimes.devicePollSeconds,
    ...device.more?.({ userCode, uri }),
  };
}

/** @throws TokenRefusal */
function readChallenge({ code_challenge: challenge, code_challenge_method: method }: Parameters): string | undefined {
  if (challenge !== undefined && method !== 'S256') {
    const row = { status: 400, error: 'invalid_request', description: 'Invalid parameter: code_challenge_method' };
    throw new TokenRefusal(row, 'only S256 is taken');
  }
  return challenge;
}
