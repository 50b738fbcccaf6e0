import { continents, countries, getEmojiFlag, languages, type ICountry, type TCountryCode } from 'countries-list';

/** The `CountryFilter` input of schema.graphql. */
interface CountryFilter {
  readonly continent?: string | null;
  readonly currency?: string | null;
  readonly language?: string | null;
}

interface Country extends ICountry {
  readonly code: TCountryCode;
}

const countryList: readonly Country[] = Object.entries(countries)
  .filter((entry): entry is [TCountryCode, ICountry] => Object.hasOwn(countries, entry[0]))
  .map(([code, country]) => ({ ...country, code }))
  .sort((a, b) => a.name.localeCompare(b.name, 'en'));
const countryByCode: ReadonlyMap<string, Country> = new Map(countryList.map((country) => [country.code, country]));

function matches(country: Country, filter: CountryFilter): boolean {
  const wanted = (value: string | null | undefined, found: readonly string[]): boolean =>
    value === undefined || value === null || found.some((one) => one.toLowerCase() === value.toLowerCase());
  return (
    wanted(filter.continent, [country.continent]) &&
    wanted(filter.currency, country.currency) &&
    wanted(filter.language, country.languages)
  );
}

/** Resolvers of schema.graphql over the data of the countries-list package. */
export function buildResolvers() {
  return {
    Query: {
      country: (_: unknown, { code }: { readonly code: string }) => countryByCode.get(code.toUpperCase()) ?? null,
      countries: (_: unknown, { filter }: { readonly filter?: CountryFilter | null }) =>
        countryList.filter((country) => matches(country, filter ?? {})),
      continents: () => Object.entries(continents).map(([code, name]) => ({ code, name })),
    },
    Country: {
      capital: (country: Country) => (country.capital === '' ? null : country.capital),
      continent: (country: Country) => ({ code: country.continent, name: continents[country.continent] }),
      emoji: (country: Country) => getEmojiFlag(country.code),
      languages: (country: Country) => country.languages.map((code) => ({ code, ...languages[code] })),
      phone: (country: Country) => country.phone.map(String),
    },
  };
}
