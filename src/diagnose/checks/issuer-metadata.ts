import { type Check, type Outcome, pass } from '../check.ts';
import { failByFacts } from '../fail-by.ts';
import type { IssuerMetadata } from '../read-issuer-metadata.ts';

/** RFC 8414 §3 and OpenID Connect Discovery §4: clients and gateway find everything else by it. */
export const issuerMetadata: Check = {
  id: 'issuer-metadata',
  title: 'The issuer publishes metadata that name it to the letter',
  needs: [],
  applies: ({ route }) => route.authenticator.issuers.length > 0,
  async run({ route, metadataOf, findings }) {
    const { issuers } = route.authenticator;
    const read = await Promise.all(issuers.map(async (issuer) => [issuer, await metadataOf(issuer)] as const));
    findings.metadata = new Map(read);
    const bad = read.find(([, { document }]) => document === undefined);
    if (bad !== undefined) return judge(...bad);
    return pass(read.map(([issuer, metadata]) => `${issuer}: ${describeForms(metadata)}`).join('; '));
  },
};

/** Which of the places have it: clients try them in this order (MCP authorization, server metadata discovery). */
function describeForms({ answers, document }: IssuerMetadata): string {
  const good = answers
    .filter((one) => one.document?.issuer === document?.issuer)
    .map(({ url }) => new URL(url).pathname);
  return `found at ${good.join(', ')}`;
}

function judge(issuer: string, { answers }: IssuerMetadata): Outcome {
  const evidence = answers
    .map(({ url, problem, document }) => `${url}: ${problem ?? `names the issuer ${JSON.stringify(document?.issuer)}`}`)
    .join('; ');
  const other = answers.find(({ document }) => document !== undefined)?.document?.issuer;
  if (other !== undefined) {
    // As a token of that issuer would be refused.
    const details = { found: JSON.stringify(other), expected: JSON.stringify(issuer) };
    return failByFacts({ code: 'issuer_mismatch', details }, evidence);
  }
  const isSilent = answers.every(({ problem = '' }) => !/^(status|no metadata)/.test(problem));
  const reason = isSilent ? (answers[0]?.problem ?? '') : `no metadata found (${evidence})`;
  return failByFacts({ code: 'keys_unavailable', details: { issuer, reason } }, evidence);
}
