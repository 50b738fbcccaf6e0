import {
  getNamedType,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isInputType,
  isRequiredInputField,
  typeFromAST,
  valueFromASTUntyped,
  type VariableDefinitionNode,
} from 'graphql';

/** A JSON Schema (2020-12) object. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const scalars: ReadonlyMap<string, JsonSchema> = new Map<string, JsonSchema>([
  ['String', { type: 'string' }],
  ['ID', { type: 'string' }],
  ['Boolean', { type: 'boolean' }],
  ['Float', { type: 'number' }],
  // GraphQL's Int has 32 bits (https://spec.graphql.org/September2025/#sec-Int).
  ['Int', { type: 'integer', minimum: -2_147_483_648, maximum: 2_147_483_647 }],
]);

/** Builds the input schema of a tool from an operation's variables. Input object types stand under `$defs`, for they may
 * contain themselves. A custom scalar takes anything: only the API knows its form. */
export function buildInputSchema(
  variables: readonly VariableDefinitionNode[],
  schema: GraphQLSchema,
  descriptions: ReadonlyMap<string, string>,
): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const variable of variables) {
    const name = variable.variable.name.value;
    const type = typeFromAST(schema, variable.type);
    if (!isInputType(type)) throw new TypeError(`$${name} has no input type`);
    const description = descriptions.get(name);
    properties[name] = {
      ...buildTypeSchema(type, definitions),
      ...(description === undefined ? {} : { description }),
      ...(variable.defaultValue === undefined ? {} : { default: valueFromASTUntyped(variable.defaultValue) }),
    };
    if (isNonNullType(type) && variable.defaultValue === undefined) required.push(name);
  }
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  };
}

function buildTypeSchema(type: GraphQLInputType, definitions: Record<string, JsonSchema>): JsonSchema {
  if (isNonNullType(type)) return buildTypeSchema(type.ofType, definitions);
  if (isListType(type)) return { type: 'array', items: buildTypeSchema(type.ofType, definitions) };
  const named = getNamedType(type);
  if (isEnumType(named)) {
    const values = named.getValues();
    const words = values.map(({ name, description }) => (description ? `${name}: ${description}` : name));
    return { type: 'string', enum: values.map(({ name }) => name), description: words.join(', ') };
  }
  if (!isInputObjectType(named)) {
    return scalars.get(named.name) ?? (named.description ? { description: named.description } : {});
  }
  if (!Object.hasOwn(definitions, named.name)) {
    const properties: Record<string, JsonSchema> = {};
    const fields = Object.values(named.getFields());
    const required = fields.filter(isRequiredInputField).map(({ name }) => name);
    // Stands here before its fields are built, so that a type that contains itself comes to an end.
    definitions[named.name] = {
      type: 'object',
      ...(named.description ? { description: named.description } : {}),
      properties,
      ...(required.length === 0 ? {} : { required }),
      additionalProperties: false,
    };
    for (const field of fields) {
      properties[field.name] = {
        ...buildTypeSchema(field.type, definitions),
        ...(field.description ? { description: field.description } : {}),
        ...(field.defaultValue === undefined ? {} : { default: field.defaultValue }),
      };
    }
  }
  return { $ref: `#/$defs/${named.name}` };
}
