import type { SoakFindings } from './measure-soak.ts';

/** How far apart begin and end may be, after a collection. Both move by what is kept for whoever came last, resident memory by
 * what of its pages is in use as well; a leak of 1 KB for each call would be hundreds of megabytes.
 */
const allowed = { rssMegabytes: 5, heapMegabytes: 2, openFiles: 0 };

export interface SoakVerdict {
  readonly isSteady: boolean;
  readonly text: string;
}

/** Did it end where it began? */
export function judgeSoak({ begin, end }: SoakFindings): SoakVerdict {
  const rows = [
    ['MB resident', begin.rssMegabytes, end.rssMegabytes, allowed.rssMegabytes],
    ['MB heap', begin.heapMegabytes, end.heapMegabytes, allowed.heapMegabytes],
    ['open files', begin.openFiles, end.openFiles, allowed.openFiles],
  ] as const;
  const isSteady = rows.every(([, before, after, most]) => after - before <= most);
  const told = rows.map(([what, before, after, most]) => {
    const more = after - before;
    const [was, is, by] = [before, after, more].map((value) => (Number.isInteger(value) ? value : value.toFixed(1)));
    return `${was} → ${is} ${what} (${more < 0 ? '' : '+'}${by}, allowed +${most})`;
  });
  const idle = `${begin.idleRssMegabytes.toFixed(1)} → ${end.idleRssMegabytes.toFixed(1)} MB resident before the collection`;
  return { isSteady, text: `${isSteady ? 'It ended where it began' : 'IT GREW'}: ${told.join(', ')}; ${idle}` };
}
