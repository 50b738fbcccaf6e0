import type { CredentialConfig } from '../../config/schema.ts';
import { readCa } from '../../gateway/read-ca.ts';
import type { Provider } from '../../model/provider.ts';
import { type ExpectedSetUp, joinInspections, type SetUpInspection } from '../../model/set-up-inspection.ts';
import { UsherError } from '../../model/usher-error.ts';
import { findProvider, providerNamed } from '../../providers/find-provider.ts';
import { type Check, failed, pass, type Patient, unknown } from '../check.ts';

/** What a token endpoint refuses alike, or only for a real user, is told apart by the provider's administration API. */
export const providerSetUp: Check = {
  id: 'provider-set-up',
  title: 'The provider is set up for this exchange, by its administration API',
  needs: [],
  applies: ({ aids }) => (aids.administration?.size ?? 0) > 0,
  async run(patient) {
    const inspections: SetUpInspection[] = [];
    for (const { provider, expected } of listExchanges(patient)) {
      const access = patient.aids.administration?.get(provider.name);
      if (provider.inspect === undefined || access === undefined) continue;
      const { http, config } = patient;
      const ca = readCa(config.caFile);
      try {
        inspections.push(await provider.inspect(expected, { ...access, http, ...(ca === undefined ? {} : { ca }) }));
      } catch (error) {
        if (!(error instanceof UsherError)) throw error;
        return unknown(`${error.message}. ${error.hint}`);
      }
    }
    if (inspections.length === 0) {
      const given = [...(patient.aids.administration?.keys() ?? [])]
        .map((name) => providerNamed(name).title)
        .join(', ');
      return unknown(`No token is exchanged at ${given} for this server`);
    }
    return conclude(joinInspections(...inspections));
  },
};

function conclude({ good, faults, open }: SetUpInspection) {
  const [first] = faults;
  if (first !== undefined) {
    const fix = [...new Set(faults.map((fault) => fault.fix))].join(' ');
    return failed(faults.map(({ seen }) => seen).join('; '), { cause: first.id, fix });
  }
  if (open.length > 0)
    return unknown(open.join('; '), 'It is good for those; with --caller-token-file it is tried for one user.');
  return pass(good.join('; '));
}

interface Exchange {
  readonly provider: Provider;
  readonly expected: ExpectedSetUp;
}

/** Each issuer can have an exchange of its own; longer ways than one exchange are not looked into. */
function listExchanges({ server, aids, findings }: Patient): readonly Exchange[] {
  return server.authenticate.flatMap((one) => {
    if (!('issuer' in one)) return [];
    const credential: CredentialConfig = one.credential ?? server.credential;
    if (credential.strategy !== 'token-exchange') return [];
    const { provider: name, url, clientId, audience, scopes, dpop } = credential;
    const provider = name === undefined ? findProvider(new URL(url)) : providerNamed(name);
    const { issuer, audience: expectedAudience } = one;
    const claims = findings.caller?.issuer === issuer ? findings.caller.tokenClaims : undefined;
    const callers = {
      issuer,
      audience: expectedAudience,
      scopes: server.policy.required,
      clientId: aids.clientId,
      claims,
    };
    return [{ provider, expected: { callers, exchange: { url, clientId, audience, scopes, dpop } } }];
  });
}
