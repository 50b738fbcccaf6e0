import { styleText } from 'node:util';

/** Colours for stdout; plain where it is no terminal or NO_COLOR is set. */
export function paintOut(format: 'green' | 'yellow' | 'red' | 'dim' | 'bold', text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
