import { createHash } from 'node:crypto';
import type { SeedApp } from '../../seed/seed-schema.ts';
import type { Granted, Parameters, Tenant } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import type { DeviceCode, DeviceCodes } from './device-codes.ts';

/** What an app that polls gets tokens for (RFC 8628 §3.4): once, and when somebody let it in.
 * @throws TokenRefusal with why there are none, or not yet (§3.5)
 */
export function redeemDeviceCode(
  tenant: Tenant,
  codes: DeviceCodes,
  { app, parameters }: { readonly app: SeedApp; readonly parameters: Parameters },
): Granted & Pick<DeviceCode, 'nonce'> {
  const { device } = tenant.flavour;
  const { refusals } = device;
  device.checkPoll(tenant, app);
  const name = parameters['device_code'];
  if (name === undefined) throw new TokenRefusal(refusals.codeMissing, 'no device_code', { name: 'device_code' });
  const code = codes.find(name);
  if (code === undefined) throw new TokenRefusal(refusals.codeUnknown, 'no such device code, or it was used');
  if (code.app !== app)
    throw new TokenRefusal(refusals.codeOfAnother ?? refusals.codeUnknown, `it is ${code.app.clientId}'s`);
  if (codes.isExpired(code)) {
    if (device.forgetsExpired) codes.remove(code);
    throw new TokenRefusal(refusals.expired, 'deviceCodeSeconds are over');
  }
  const interval = String(tenant.seed.lifetimes.devicePollSeconds);
  if (refusals.slowDown !== undefined && codes.isTooSoon(code))
    throw new TokenRefusal(refusals.slowDown, 'asked before devicePollSeconds were over', { interval });
  if (code.outcome === 'denied') throw new TokenRefusal(refusals.denied, 'the user said no, or may not');
  if (code.outcome === undefined) throw new TokenRefusal(refusals.pending, 'nobody has signed in yet');
  checkVerifier(tenant, code, parameters['code_verifier']);
  codes.remove(code);
  return { ...code.outcome, nonce: code.nonce };
}

/** RFC 7636 §4.6. */
function checkVerifier(tenant: Tenant, { codeChallenge }: DeviceCode, verifier: string | undefined): void {
  if (codeChallenge === undefined) return;
  const { codeInvalid } = tenant.flavour.refusals;
  const { verifierMissing, verifierWrong } = tenant.flavour.device.refusals;
  if (verifier === undefined) throw new TokenRefusal(verifierMissing ?? codeInvalid, 'no code_verifier');
  if (createHash('sha256').update(verifier).digest('base64url') !== codeChallenge)
    throw new TokenRefusal(verifierWrong ?? codeInvalid, 'the code_verifier does not match');
}
