import { readRefusal } from '../../pipeline/read-refusal.ts';
import { askServer, initialize } from '../ask-server.ts';
import { type Check, type Patient, pass, unknown } from '../check.ts';
import { failByFacts } from '../fail-by.ts';
import { howToGetOne } from './caller-token.ts';

/** The service behind judges the new token. */
export const serverAccepts: Check = {
  id: 'server-accepts',
  title: 'The MCP server behind takes the token it is given',
  needs: ['server-answers', 'exchange', 'own-credential'],
  async run(patient) {
    const { route, findings } = patient;
    const { credential } = findings;
    const { target } = route.upstream;
    if (credential === undefined && needsCredential(patient))
      return unknown('There is no exchanged token', howToGetOne);
    let answer = await askServer(route, credential, { method: 'tools/list' });
    // A server of before 2026-07-28 wants to be initialized first.
    if (answer.status === 400 || answer.status === 404) answer = await askServer(route, credential, initialize);
    const { status, headers } = answer;
    const words = readRefusal(headers['www-authenticate'], credential ?? nothing) ?? 'it does not say why';
    const seen = `${target}: status ${status}${status === 401 || status === 403 ? `, ${words}` : ''}`;
    if (status === 401)
      return failByFacts(
        { code: 'upstream_refused_credential', details: { target, words }, exchanged: credential?.claims },
        seen,
      );
    if (status >= 400) return failByFacts({ code: undefined, details: {}, upstreamStatus: status }, seen);
    return pass(seen);
  },
};

const nothing = { header: undefined, claims: undefined, source: 'none', waitedMs: 0 } as const;

function needsCredential({ server }: Patient): boolean {
  return server.credential.strategy !== 'none';
}
