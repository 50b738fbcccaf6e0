import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenExchangeGrant } from '../../model/urns.ts';
import type { Fault } from '../fault.ts';
import type { FaultLab } from '../start-fault-lab.ts';
import { both } from './both.ts';
import { entraApiFaults } from './entra-api-faults.ts';
import { entraTokenFaults } from './entra-token-faults.ts';
import { entraUserFaults } from './entra-user-faults.ts';
import { changeApp } from './change-seed.ts';

const gatewayApp = '3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b';

/** A tenant in front of the token endpoint. */
const inTenant = (lab: FaultLab, tenant: string) =>
  lab.server('backend').tokenUrl.replace(/[^/]+\/oauth2\/v2\.0/, `${tenant}/oauth2/v2.0`);

/** A key that nobody gave to Entra. */
async function writeKey({ stateDir }: FaultLab): Promise<string> {
  const file = join(stateDir, 'gateway-key.pem');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return file;
}

/** What can be wrong with who the gateway is at Entra ID, and where it asks. */
const clientFaults: readonly Fault[] = [
  {
    name: 'entra-wrong-secret',
    title: "The client secret is another, often the secret's id instead of its value",
    gateway: () => ({ clientSecret: 'not-the-secret' }),
    ...both('entra-secret-wrong'),
  },
  {
    name: 'entra-secret-expired',
    title: 'The client secret has expired',
    seed: changeApp(gatewayApp, { clientSecretExpiresAt: '2026-01-31T00:00:00Z' }),
    ...both('entra-secret-expired'),
  },
  {
    name: 'entra-certificate-not-registered',
    title: "The gateway signs with a key whose certificate is not among the app's",
    gateway: async (lab) => ({ clientKeyFile: await writeKey(lab) }),
    ...both('entra-client-assertion'),
  },
  {
    name: 'entra-wrong-client-id',
    title: 'The client id of the gateway is another',
    gateway: () => ({ clientId: '00000000-0000-4000-8000-000000000000' }),
    ...both('entra-client-unknown'),
  },
  {
    name: 'entra-client-id-of-public-client',
    title: 'The client id is that of the public client users sign in with',
    gateway: (lab) => ({ clientId: lab.clientId('native') }),
    ...both('entra-secret-of-public-client'),
  },
  {
    name: 'entra-client-disabled',
    title: "The gateway's app is disabled in the tenant",
    seed: changeApp(gatewayApp, { disabled: true }),
    ...both('entra-client-disabled'),
  },
  {
    name: 'entra-obo-not-allowed',
    title: "The gateway's app may not act on behalf of others",
    seed: changeApp(gatewayApp, { grantTypes: ['client_credentials'] }),
    ...both('entra-obo-not-allowed'),
  },
  {
    name: 'entra-token-exchange',
    title: 'The credential is token-exchange, which Entra does not have, instead of entra-obo',
    gateway: () => ({ provider: undefined }),
    ...both('entra-grant-unsupported'),
  },
  {
    name: 'entra-tenant-not-named',
    title: 'The token endpoint is that of /common',
    gateway: (lab) => ({ tokenUrl: inTenant(lab, 'common') }),
    ...both('entra-tenant-not-named'),
  },
  {
    name: 'entra-tenant-unknown',
    title: 'The tenant in the token endpoint is misspelt',
    gateway: (lab) => ({ tokenUrl: inTenant(lab, 'countrees.onmicrosoft.com') }),
    ...both('entra-tenant-unknown'),
  },
  {
    name: 'entra-other-tenant',
    title: "The token endpoint is another tenant's, which does not have the gateway's app",
    seed: (seed) => ({ ...seed, otherTenants: ['fabrikam.onmicrosoft.com'] }),
    gateway: (lab) => ({ tokenUrl: inTenant(lab, 'fabrikam.onmicrosoft.com') }),
    ...both('entra-client-unknown'),
  },
  {
    name: 'entra-user-of-another-tenant',
    title: "The token endpoint is another tenant's, which has the app and not the user, who is no guest there",
    seed: (seed) =>
      changeApp(gatewayApp, { multitenant: true })({ ...seed, otherTenants: ['fabrikam.onmicrosoft.com'] }),
    gateway: (lab) => ({ tokenUrl: inTenant(lab, 'fabrikam.onmicrosoft.com') }),
    ...both('entra-user-not-in-tenant'),
  },
  {
    name: 'entra-other-app',
    title: "The callers' token is for another app than the gateway's",
    gateway: (lab) => ({ clientId: lab.clientId(), clientSecret: 'vscode-development-secret' }),
    seed: (seed) => ({
      ...seed,
      apps: seed.apps.map((app) =>
        app.type === 'web' ? { ...app, grantTypes: [...app.grantTypes, tokenExchangeGrant] } : app,
      ),
    }),
    ...both('entra-assertion-audience'),
  },
  {
    name: 'entra-loop',
    title: 'The same request was sent too often',
    seed: (seed) => ({ ...seed, tokenRequestsPerMinute: 0 }),
    ...both('entra-loop'),
  },
];

/** What is particular to Entra ID: it acts on behalf of users by a grant of its own, and answers by number. */
export const entraFaults: readonly Fault[] = [
  ...entraTokenFaults,
  ...clientFaults,
  ...entraApiFaults,
  ...entraUserFaults,
];
