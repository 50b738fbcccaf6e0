import { errorTable } from '../../src/model/errors.ts';
import { code, generatedNote, table } from './markdown.js';

/** @type {Readonly<Record<string, string>>} */
const stages = {
  listen: 'Before there is a request',
  route: 'Finding the server: route',
  authenticate: 'Who is calling: authenticate',
  readCall: 'Reading the call: readCall',
  authorize: 'May they: authorize',
  exchange: 'As whom the server behind is called: exchange',
  forward: 'Reaching the server behind: forward',
  audit: 'Writing it down: audit',
  configure: 'The command line: configure',
  start: 'Starting: start',
};

/** @param {string} text */
function readable(text) {
  return text.replaceAll(/\{(\w+)\}/g, '_$1_');
}

/** @param {readonly [string, import('../../src/model/errors.ts').ErrorRow]} entry */
function row([name, { status, challenge, retryable, exitCode, fault, message, hint, jsonRpc }]) {
  const answer = [
    status === 0 ? '' : String(status),
    challenge === undefined ? '' : `challenge ${challenge}`,
    jsonRpc === undefined ? '' : `JSON-RPC ${jsonRpc}`,
    retryable === true ? 'retry later' : '',
  ];
  const exit = status === 0 ? `exit code ${exitCode ?? 1}` : '';
  return [
    code(name),
    [...answer, exit].filter((part) => part !== '').join(', '),
    readable(message),
    readable(hint),
    fault,
  ];
}

export function errorsPage() {
  const groups = [...Map.groupBy(Object.entries(errorTable), ([, { stage }]) => stage)];
  return [
    generatedNote,
    '# Errors',
    'Every way Usher refuses. The message goes to the caller and holds no secrets and no words of another server; the advice goes to the log and the audit trail only. The code is the same in all of them. A challenge is the error of the `WWW-Authenticate` header (RFC 6750 §3.1). Whose fault it is decides the level of the log: the caller’s is info, a neighbour’s warn, the operator’s or Usher’s own error.',
    ...groups.map(
      ([stage, entries]) =>
        `## ${stages[stage] ?? stage}\n\n${table(['Code', 'Answer', 'Message', 'Advice', 'Fault'], entries.map(row))}`,
    ),
  ].join('\n\n');
}
