// What the pages load: `mount` draws a page into the element that Streamlit gives, and draws it again when asked to.

import { createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import flowStyle from "@xyflow/react/dist/style.css?inline";
import style from "./style.css?inline";
import { Page, type PageData } from "./Page";

interface Component {
  data: PageData;
  parentElement: HTMLElement | ShadowRoot;
  setTriggerValue: (name: string, value: unknown) => void;
}

const roots = new WeakMap<Node, Root>();

export function mount(component: Component): () => void {
  const { parentElement: parent, data } = component;
  let root = roots.get(parent);
  if (root === undefined) {
    const sheet = document.createElement("style");
    sheet.textContent = flowStyle + style;
    const host = document.createElement("div");
    host.className = "bg-host";
    parent.append(sheet, host);
    root = createRoot(host);
    roots.set(parent, root);
  }
  document.documentElement.lang = data.lang === "zh" ? "zh-CN" : "en";
  root.render(createElement(Page, { data, onLang: (lang) => component.setTriggerValue("lang", lang) }));
  // Streamlit also ends renders that a newer one replaces: the page goes only with its element.
  return () => {
    const host = parent instanceof ShadowRoot ? parent.host : parent;
    setTimeout(() => {
      if (host.isConnected) return;
      roots.get(parent)?.unmount();
      roots.delete(parent);
    }, 0);
  };
}
