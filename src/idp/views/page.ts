import { document } from '../../views/document.ts';
import { html, type Markup } from '../../lib/html.ts';

/** What every page has. */
interface Page {
  /** Stands in the browser's tab, before the organisation's name. */
  readonly title: string;
  /** Absent where the organisation is not known, as on an error page. */
  readonly org?: string | undefined;
  readonly width: 'narrow' | 'wide';
  readonly content: Markup;
}

/** The frame around each page of the provider. */
export function page({ title, org, width, content }: Page): string {
  return document({
    title: org === undefined ? title : `${title} · ${org}`,
    brand: org === undefined ? html`Development identity provider` : html`<bdi>${org}</bdi>`,
    notice: 'Development sign-in — passwords here are not secret',
    width,
    content,
  });
}
