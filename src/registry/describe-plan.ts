import { plain } from '../lib/plain.ts';
import { spellPackage } from '../packages/package.ts';
import type { Entry } from './server-document.ts';
import type { ServerPlan, Wanted } from './server-plan.ts';

const longest = 300;

/** What a server is run as and what it may do, for a person who has to agree. Words of the entry come without anything that could
 * move a cursor or look like words of ours.
 * @param options `isContained`: are packages run in a container? `image`: exactly the one that the plan's tag means, by its digest
 */
export function describePlan(
  { server, source, status }: Entry,
  plan: ServerPlan,
  { isContained = false, image }: { readonly isContained?: boolean; readonly image?: string | undefined } = {},
): string {
  const rows: [string, string][] = [
    ['says', clean(server.description)],
    [
      'from',
      `${clean(source)}${status === undefined || status === 'active' ? '' : `, which calls it ${clean(status)}`}`,
    ],
    ['runs', describeRun(plan, image)],
    ['speaks', describeTransport(plan)],
    ...(plan.args.length === 0 ? [] : [['with', plan.args.map(quoteWord).join(' ')] satisfies [string, string]]),
    ...Object.entries(plan.env).map(([name, value]): [string, string] => ['sets', `${name}=${quoteWord(value)}`]),
    ...describeWanted('--env', plan.wantedEnv),
    ...describeWanted('behind --', plan.wantedArgs),
    ...describeWanted('as a header', plan.wantedHeaders),
    ...plan.wantedVolumes.map((target): [string, string] => [
      'mounts',
      `what you give it with --volume SOURCE:${target}`,
    ]),
    ['may', describeRights(plan, isContained)],
  ];
  const head = `${clean(server.title ?? server.name)} (${server.name} ${clean(server.version)})`;
  return [head, ...rows.map(([key, text]) => `  ${key.padEnd(7)}${text}`)].join('\n');
}

function describeRun({ run }: ServerPlan, image: string | undefined): string {
  switch (run.kind) {
    case 'package':
      return `the package ${spellPackage(run.package)}${run.package.isPinned ? '' : ', in whatever version is the newest'}`;
    case 'image':
      if (image !== undefined) return `the image ${image}, which is ${run.image} today`;
      return `the image ${run.image}${/@sha256:/.test(run.image) ? '' : ', by its tag, which may come to mean another'}`;
    case 'remote':
      return `nothing here: it is at ${quoteWord(run.url)}`;
  }
}

function describeTransport({ transport, port, path, run }: ServerPlan): string {
  if (transport === 'stdio') return 'MCP over its standard streams';
  const name = transport === 'sse' ? 'the older HTTP with SSE' : 'Streamable HTTP';
  if (run.kind === 'remote') return name;
  return `${name}${port === undefined ? '' : ` on port ${port}`}${path === undefined ? '' : `, path ${path}`}`;
}

function describeRights({ run }: ServerPlan, isContained: boolean): string {
  switch (run.kind === 'package' && isContained ? 'image' : run.kind) {
    case 'package':
      return 'do what you can do: it reads and writes your files and reaches every network you reach';
    case 'image':
      return 'reach every network this machine reaches; of your files it sees what you mount';
    case 'remote':
      return 'see every call, and the token Usher has for it';
  }
}

function describeWanted(how: string, wanted: readonly Wanted[]): [string, string][] {
  return wanted.map(({ name, description, isRequired, isSecret, untaken }) => {
    const notes = [isSecret ? 'a secret' : undefined, isSecret && how === '--env' ? '--secret' : how];
    const text = description === '' ? '' : `: ${clean(description)}`;
    const left = untaken === undefined ? '' : `; what the entry says, ${quoteWord(untaken)}, is not taken`;
    return [
      isRequired ? 'needs' : 'takes',
      `${clean(name)} (${notes.filter((note) => note !== undefined).join(', ')})${text}${left}`,
    ];
  });
}

/** What is run is shown whole: nobody agrees to what is behind an ellipsis. Words with spaces or signs that shells know stand in
 * quotes, so that it is seen what is one word; what is not seen itself, or would push what follows onto another line, by its
 * number.
 */
function quoteWord(word: string): string {
  if (/^[\w./:=@%+,-]+$/.test(word)) return word;
  return JSON.stringify(word)
    .replaceAll(/ {3,}/g, ({ length }) => `\\x20{${length}}`)
    .replaceAll(unseen, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);
}

/** Format characters, spaces of other kinds, and letters that are drawn as nothing. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{115f}\u{1160}\u{2800}\u{3164}\u{ffa0}]|(?! )\p{Zs}/gu;

function clean(text: string): string {
  const line = plain(text).replaceAll(unseen, ' ').replaceAll(/ {2,}/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
