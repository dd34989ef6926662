import { describe, expect, it } from "vitest";
import { CAUSES, CHECK_KINDS, HEALTHS, REASONS } from "../../src/domain/index.ts";
import { configSchema } from "../../src/inventory/index.ts";

type Json = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

function propertiesOf(object: Json | undefined): Json {
  const properties = object?.["properties"];
  return isMap(properties) ? properties : {};
}

/** Every object schema below `schema`, with its place. */
function objectsIn(schema: unknown, place = ""): [string, Json][] {
  if (Array.isArray(schema)) return schema.flatMap((one, at) => objectsIn(one, `${place}/${at}`));
  if (!isMap(schema)) return [];
  const below = Object.entries(schema).flatMap(([key, value]) => objectsIn(value, `${place}/${key}`));
  return isMap(schema["properties"]) && schema["type"] === "object" ? [[place, schema], ...below] : below;
}

describe("the JSON Schema of fleet.yaml", () => {
  const schema = configSchema();
  const objects = objectsIn(schema);

  it("publishes the closed sets", () => {
    expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(schema["$defs"]).toMatchObject({
      Health: { enum: [...HEALTHS] },
      Reason: { enum: [...REASONS] },
      Cause: { enum: [...CAUSES] },
      CheckKind: { enum: [...CHECK_KINDS] },
    });
  });

  it("describes every key, and lets editors flag unknown ones", () => {
    expect(objects.length).toBeGreaterThan(20);
    expect(objects.filter(([, one]) => one["additionalProperties"] !== false).map(([place]) => place)).toEqual([]);
    const silent = objects.flatMap(([place, one]) =>
      Object.entries(propertiesOf(one)).flatMap(([key, value]) =>
        isMap(value) && /\w{3,}/.test(JSON.stringify(value["description"] ?? "")) ? [] : `${place}/${key}`,
      ),
    );
    expect(silent).toEqual([]);
  });

  it("requires what the contract requires", () => {
    expect(schema["required"]).toEqual(["version", "fleet"]);
    const deployment = objects.find(([, one]) => isMap(one["properties"]) && "connectionUri" in one["properties"]);
    expect(deployment?.[1]["required"]).toEqual(["id", "app", "kind", "connectionUri"]);
  });

  it("has patterns that let a reference through, once each", () => {
    const patterns = [...JSON.stringify(schema).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map((match) =>
      String(JSON.parse(match[1] ?? '""')),
    );
    expect(patterns.length).toBeGreaterThan(20);
    expect(patterns.filter((one) => !new RegExp(one, "u").test("${env:NAME}"))).toEqual([]);
    expect(patterns.filter((one) => one.split("env|file").length !== 2)).toEqual([]);
  });

  it("knows every kind of check", () => {
    const checks = objects.find(([place]) => place.endsWith("/properties/checks"));
    expect(Object.keys(propertiesOf(checks?.[1]))).toEqual([...CHECK_KINDS]);
  });
});
