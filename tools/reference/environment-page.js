import { leaves } from '../../src/config/leaves.ts';
import { formatPath } from '../../src/config/path.ts';
import { environmentNames } from '../../src/config/read-environment.ts';
import { otherEnvironment } from '../../src/config/other-environment.ts';
import { serverEnvironmentName } from '../../src/config/draft.ts';
import { code, generatedNote, table } from './markdown.js';

/** @param {import('../../src/config/leaves.ts').Leaf} leaf */
function row(leaf) {
  const names = environmentNames(leaf);
  const files = leaf.kind === 'secret' ? names.flatMap((name) => [`${name}_FILE`, `${name}_REF`]) : [];
  const path = leaf.kind === 'presence' ? 'strategy: anonymous' : leaf.path.at(-1);
  const yaml = `${leaf.scope === 'server' ? 'servers.NAME.' : ''}${formatPath([...leaf.path.slice(0, -1), String(path)])}`;
  return [[...names, ...files].map(code).join(', '), leaf.meta.help, code(`--${leaf.meta.flag ?? ''}`), code(yaml)];
}

export function environmentPage() {
  const named = leaves.filter(({ meta }) => meta.flag !== undefined);
  const groups = [...Map.groupBy(named, ({ meta }) => meta.group)];
  return [
    generatedNote,
    '# Environment variables',
    'Every setting has a variable: `USHER_` and the flag in capitals. Lists are separated by commas, true and false are spelled so, seconds may have a unit (`500ms`, `10s`, `2m`), and `USHER_ENV` takes one `NAME=VALUE` a line. A variable that is set but empty, and one that begins with `USHER_` and means nothing, are errors.',
    `With \`usher run\` and \`usher proxy\` the names below mean the one server there is. With \`usher serve\` they need to say which: \`USHER_SERVERS_\`, the server’s name in capitals, then the rest, for example \`${serverEnvironmentName('apollo', 'token-exchange-client-secret')}\`.`,
    ...groups.map(
      ([group, members]) =>
        `## ${group}\n\n${table(['Variable', 'What it does', 'Flag', 'In the file'], members.map(row))}`,
    ),
    '## Others',
    table(
      ['Variable', 'What it is for'],
      [...otherEnvironment].map(([name, help]) => [code(name), help]),
    ),
    'On Kubernetes, a service called `usher` makes the cluster set variables such as `USHER_PORT=tcp://…` in every pod: set `enableServiceLinks: false`.',
  ].join('\n\n');
}
