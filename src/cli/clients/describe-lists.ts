import type { ListNotes } from '../../servers/client-lists.ts';
import { paint } from '../print.ts';

/** In which clients servers stand now, in lines for whoever started them; nothing where there is nothing to say. */
export function describeLists({ clients, isUnchosen, hints, problems }: ListNotes): readonly string[] {
  const listed = [...clients].filter(([, titles]) => titles.length > 0);
  const texts = new Set(listed.map(([, titles]) => titles.join(', ')));
  const isSame = texts.size === 1 && listed.length === clients.size;
  const lines = isSame
    ? [`  in the lists of  ${[...texts].join('')}`]
    : listed.map(([name, titles]) => `  ${name}  in the lists of  ${titles.join(', ')}`);
  const why = '    installed here, and nobody chose others: usher client setup does, --no-client writes none';
  return [
    ...lines,
    ...(isUnchosen && listed.length > 0 ? [paint('dim', why)] : []),
    ...hints.map((hint) => paint('dim', `    ${hint}`)),
    ...problems.map((problem) => `  not in a list: ${problem}`),
  ];
}
