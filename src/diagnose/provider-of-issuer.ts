import type { Provider } from '../model/provider.ts';
import { findProvider, providerNamed } from '../providers/find-provider.ts';
import type { Patient } from './check.ts';

/** Whose issuer that is: as the exchange at the same host was told, else as its address looks. */
export function providerOfIssuer({ server }: Pick<Patient, 'server'>, issuer: string): Provider {
  const entries = server.authenticate.flatMap((one) => ('issuer' in one && one.issuer === issuer ? [one] : []));
  const { host } = new URL(issuer);
  for (const credential of [...entries.map((one) => one.credential), server.credential]) {
    if (credential === undefined || !('provider' in credential) || credential.provider === undefined) continue;
    if (new URL(credential.url).host === host) return providerNamed(credential.provider);
  }
  return findProvider(new URL(issuer));
}
