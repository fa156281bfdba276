// The ready-made operations: one file of `story/` each, in the order of their names.
//
// A file opens with comment lines: the first is the step's title, the others say what it shows. Its variables stand
// beside it in a file of the same name that ends in `.json`.

const documents = import.meta.glob<string>("./story/*.graphql", { eager: true, query: "?raw", import: "default" });
const variables = import.meta.glob<string>("./story/*.json", { eager: true, query: "?raw", import: "default" });

export type Step = { title: string; about: string; query: string; variables: string };

function readStep(path: string, text: string): Step {
  const lines = text.trim().split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  const comments = lines.slice(0, end).map((line) => line.replace(/^#\s?/, ""));
  return {
    title: comments[0] ?? path,
    about: comments.slice(1).join(" "),
    query: `${lines.slice(end).join("\n").trim()}\n`,
    variables: variables[path.replace(/\.graphql$/, ".json")]?.trim() ?? "",
  };
}

export const STORY: Step[] = Object.keys(documents)
  .sort()
  .map((path) => readStep(path, documents[path] ?? ""));
