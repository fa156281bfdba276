// The pane beside the editor that lists the story's steps; a click opens one in a tab of its own.
import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";
import { STORY, type Step } from "./story";

function StoryPane() {
  const { addTab, changeTab, updateActiveTabValues } = useGraphiQLActions();
  const tabs = useGraphiQL((state) => state.tabs);
  const editor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);

  function open(step: Step): void {
    const index = tabs.findIndex((tab) => tab.query?.trim() === step.query.trim());
    if (index >= 0) {
      changeTab(index);
      return;
    }
    addTab();
    updateActiveTabValues({ query: step.query, variables: step.variables });
    editor?.setValue(step.query);
    variableEditor?.setValue(step.variables);
  }

  return (
    <section className="story" aria-label="Story">
      <div className="graphiql-doc-explorer-title">Story</div>
      <p>Open a step, then run it. Together they tell how a lead finds its dealer.</p>
      <ol>
        {STORY.map((step) => (
          <li key={step.title}>
            <button type="button" onClick={() => open(step)}>
              <strong>{step.title}</strong>
              <span>{withCode(step.about)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Text between backticks is code. */
function withCode(text: string) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}

function StoryIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" aria-hidden>
      <path d="M9 6h11M9 12h11M9 18h11" />
      <path d="M4 6h.01M4 12h.01M4 18h.01" strokeWidth="2.5" />
    </svg>
  );
}

/** For GraphiQL's `plugins`; one object, for GraphiQL compares plugins by identity. */
export const STORY_PLUGIN: GraphiQLPlugin = { title: "Story", icon: StoryIcon, content: StoryPane };
