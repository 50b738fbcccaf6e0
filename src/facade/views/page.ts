import { document } from '../../views/document.ts';
import { html, type Markup } from '../../lib/html.ts';

/** The frame around each page of the façade. */
export function page({
  title,
  content,
  head,
}: {
  readonly title: string;
  readonly content: Markup;
  readonly head?: Markup;
}): string {
  return document({ title, brand: html`MCP gateway`, width: 'narrow', content, head });
}
