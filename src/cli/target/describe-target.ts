import { basename } from 'node:path';
import type { ServerConfig } from '../../config/schema.ts';
import { parseTarget } from './parse-target.ts';

/** A program without its folder, or a package as it is written. */
export function nameProgram(word: string): string {
  return parseTarget(word).kind === 'package' ? word : basename(word);
}

/** What a server stands in front of, for people: a URL without its query, a program without its folder, an image. */
export function describeTarget(server: ServerConfig | undefined): string {
  const upstream = server?.upstream;
  if (upstream === undefined) return '';
  switch (upstream.strategy) {
    case 'process':
      return nameProgram(upstream.command[0] ?? '');
    case 'container':
      return upstream.image;
    case 'http': {
      const { origin, pathname } = new URL(upstream.url);
      return origin + pathname;
    }
  }
}
