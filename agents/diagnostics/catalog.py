"""Every diagnostic code: severity, title and message in both languages.

A code never changes its meaning and is never used again once retired. `docs/diagnostics.md` has a section for each.
Groups: 1 text and shape, 2 graph, 3 types and expressions, 4 resources, 5 information flow, 6 budget, tests, publishing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["CATALOG", "Entry", "Severity"]

Severity: TypeAlias = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One code's texts; `{name}` places are filled by `diagnose`."""

    severity: Severity
    title: str
    en: str
    zh: str


CATALOG: dict[str, Entry] = {
    # 1: text and shape
    "BG101": Entry(
        "error", "Not valid YAML", "The file is not valid YAML: {problem}.", "文件不是有效的 YAML：{problem}。"
    ),
    "BG102": Entry(
        "error",
        "Ambiguous YAML 1.1 word",
        "{word!r} is a boolean in YAML 1.1 but plain text in YAML 1.2; write true or false, or quote it.",
        "{word!r} 在 YAML 1.1 中是布尔值，在 YAML 1.2 中是普通文本；请写 true 或 false，或给它加引号。",
    ),
    "BG103": Entry(
        "error", "Unknown key", "Unknown key {key!r} in {where}.{hint}", "{where} 中有未知的键 {key!r}。{hint}"
    ),
    "BG104": Entry("error", "Missing key", "{where} needs the key {key!r}.", "{where} 缺少键 {key!r}。"),
    "BG105": Entry("error", "Wrong value", "{where}: {problem}.", "{where}:{problem}。"),
    "BG106": Entry(
        "error",
        "Bad id",
        "{id!r} is not a valid id: {problem}. An id starts with a lowercase letter, followed by lowercase letters, digits or _; 48 characters at most.",
        "{id!r} 不是有效的标识符：{problem}。标识符以小写字母开头，后接小写字母、数字或下划线，最多 48 个字符。",
    ),
    "BG107": Entry(
        "error", "Duplicate key", "The key {key!r} appears twice in {where}.", "键 {key!r} 在 {where} 中重复出现。"
    ),
    "BG108": Entry(
        "error",
        "File of the bundle unreadable",
        "The file {name!r} cannot be read: {problem}.",
        "无法读取文件 {name!r}：{problem}。",
    ),
    "BG109": Entry(
        "error",
        "Unsupported version of the language",
        "dsl: {found} is not supported; this version reads dsl: 1.",
        "不支持 dsl: {found}；当前版本只支持 dsl: 1。",
    ),
    "BG110": Entry(
        "error",
        "Bad type",
        "{text!r} is not a valid type: {problem}.{hint}",
        "{text!r} 不是有效的类型：{problem}。{hint}",
    ),
    "BG111": Entry(
        "error", "Too large", "{what} has {found}; the limit is {limit}.", "{what}有 {found}，超过上限 {limit}。"
    ),
    "BG112": Entry(
        "error",
        "YAML feature not allowed",
        "{feature} are not allowed in an app file; use one document of plain keys and values.",
        "应用文件中不允许使用{feature}；请只用一个文档，并直接写出键和值。",
    ),
    # 2: graph
    "BG201": Entry(
        "error", "Unknown node type", "There is no node type {type!r}.{hint}", "没有 {type!r} 这种节点类型。{hint}"
    ),
    "BG202": Entry(
        "error",
        "Node type not available yet",
        "The node type {type!r} is part of the language, but this version cannot run it yet.{hint}",
        "节点类型 {type!r} 是本语言的一部分，但当前版本还不能运行它。{hint}",
    ),
    "BG203": Entry("error", "Unknown node", "There is no node {name!r}.{hint}", "没有节点 {name!r}。{hint}"),
    "BG204": Entry(
        "error", "Unknown port", "{owner!r} has no port {port!r}.{hint}", "{owner!r} 没有端口 {port!r}。{hint}"
    ),
    "BG205": Entry(
        "error", "Unknown handle", "{owner!r} has no handle {handle!r}.{hint}", "{owner!r} 没有出口 {handle!r}。{hint}"
    ),
    "BG206": Entry(
        "error",
        "Edge without a handle",
        "{owner!r} chooses between {handles}; name one, such as {owner}.{first}.",
        "{owner!r} 有多个出口：{handles}；请写明其中一个，例如 {owner}.{first}。",
    ),
    "BG207": Entry(
        "error",
        "Cycle",
        "These nodes wait for each other: {cycle}. A graph cannot have cycles; remove one of these references or edges.",
        "这些节点互相等待：{cycle}。图中不能有环；请去掉其中一个引用或一条边。",
    ),
    "BG208": Entry(
        "error", "Unreachable node", "{name!r} can never run: {reason}.", "{name!r} 永远不会运行：{reason}。"
    ),
    "BG209": Entry(
        "error",
        "Path without an end",
        "No end node runs on this path: {when}.{hint}",
        "以下路径没有到达任何 end 节点：{when}。{hint}",
    ),
    "BG210": Entry(
        "error",
        "Path with two ends",
        "Both {first!r} and {second!r} run on this path: {when}.",
        "在以下路径上 {first!r} 和 {second!r} 都会运行：{when}。",
    ),
    "BG211": Entry(
        "error",
        "No end",
        "The app has no end node, so it can never return a result.",
        "应用没有 end 节点，因此无法给出结果。",
    ),
    "BG212": Entry(
        "warning", "Unused output", "Nothing reads the outputs of {name!r}.", "没有任何节点读取 {name!r} 的输出。"
    ),
    "BG213": Entry(
        "error",
        "Input not connected",
        "{owner!r} needs the input {port!r}; add it under in.",
        "{owner!r} 缺少必需的输入 {port!r}；请在 in 中给出。",
    ),
    "BG214": Entry(
        "error", "Unknown input", "{owner!r} has no input {port!r}.{hint}", "{owner!r} 没有输入 {port!r}。{hint}"
    ),
    "BG215": Entry(
        "error",
        "Option not accepted",
        "A {type} node does not accept {option!r}: {reason}.",
        "{type} 节点不接受 {option!r}：{reason}。",
    ),
    "BG216": Entry(
        "error",
        "Name used twice",
        "The name {name!r} is taken by {what}; choose another one.",
        "名称 {name!r} 已被{what}使用；请换一个名称。",
    ),
    "BG217": Entry(
        "error",
        "Output never filled",
        "The end node {owner!r} does not fill the app's output {port!r}.",
        "end 节点 {owner!r} 没有给出应用的输出 {port!r}。",
    ),
    "BG218": Entry(
        "error",
        "Not allowed in a body",
        "A {type} node cannot stand inside a container: {reason}.",
        "{type} 节点不能放在容器内：{reason}。",
    ),
    "BG219": Entry(
        "error",
        "Value of a loop never given",
        "{owner!r} starts with {name!r} in init, but the out of its body gives no {name!r} for the next round.",
        "{owner!r} 的 init 中有 {name!r}，但其 body 的 out 没有为下一轮给出 {name!r}。",
    ),
    "BG220": Entry(
        "error",
        "People asked without a limit",
        "Every item of {owner!r} asks a person; say with max_items how many items there may be.",
        "{owner!r} 的每一项都会询问人员；请用 max_items 限定项数。",
    ),
    "BG221": Entry(
        "error",
        "Value of a body missing",
        "{place!r} of {owner!r} needs {reference}, which is absent on this path through the body: {when}. Read it optionally.",
        "{owner!r} 的 {place!r} 需要 {reference}，而在以下路径上它不存在：{when}。请改为可选读取。",
    ),
    # 3: types and expressions
    "BG301": Entry(
        "error",
        "Expression syntax",
        "{expression!r} cannot be parsed: {problem}.",
        "无法解析表达式 {expression!r}：{problem}。",
    ),
    "BG302": Entry(
        "error",
        "Expression type",
        "{expression!r} has a type error: {problem}.",
        "表达式 {expression!r} 有类型错误：{problem}。",
    ),
    "BG303": Entry(
        "error",
        "Type mismatch",
        "{port!r} takes {expected}, but gets {found}.",
        "{port!r} 需要 {expected}，实际得到 {found}。",
    ),
    "BG304": Entry(
        "error",
        "Value may be absent",
        "{reference!r} may be absent ({when}), but {port!r} needs a value.",
        "{reference!r} 可能没有值（{when}），而 {port!r} 必须有值。",
    ),
    "BG305": Entry(
        "error",
        "Structure inside a text",
        "{expression!r} is {found}; only strings, numbers, booleans and times can be inserted into a text. Use a template node.",
        "{expression!r} 的类型是 {found}；文本中只能插入字符串、数字、布尔值和时间。请使用 template 节点。",
    ),
    "BG306": Entry(
        "error",
        "Expression too costly",
        "{expression!r} is too costly: {problem}.",
        "表达式 {expression!r} 的开销过大：{problem}。",
    ),
    "BG307": Entry(
        "error",
        "Integer and number mixed",
        "{expression!r} mixes an integer with a number; write double(…) around the integer.",
        "{expression!r} 混用了 integer 和 number；请用 double(…) 转换其中的整数。",
    ),
    "BG308": Entry(
        "error",
        "Secret in an expression",
        "{reference!r} is a secret; secrets never enter expressions, prompts or logs.",
        "{reference!r} 是机密；机密不能出现在表达式、提示词或日志中。",
    ),
    "BG309": Entry(
        "error",
        "Unordered state access",
        "{first!r} and {second!r} both use state.{key}, at least one writes it, and nothing orders them.",
        "{first!r} 和 {second!r} 都使用 state.{key}，其中至少一个会写入，但二者之间没有先后顺序。",
    ),
    "BG310": Entry("error", "Unknown state key", "There is no state key {key!r}.{hint}", "没有状态键 {key!r}。{hint}"),
    "BG311": Entry(
        "error",
        "Reducer does not fit",
        "The reducer {reducer!r} does not fit the type {type}.",
        "归并方式 {reducer!r} 不适用于类型 {type}。",
    ),
    "BG312": Entry(
        "error", "Unknown name", "The name {name!r} is not known here.{hint}", "这里没有名称 {name!r}。{hint}"
    ),
    "BG313": Entry(
        "error",
        "State written side by side",
        "The items of {owner!r} run side by side, so state.{key} can only be written with a commutative reducer (add, union, max, min), and not read.",
        "{owner!r} 的各项同时运行，因此 state.{key} 只能用可交换的归并方式（add、union、max、min）写入，且不能读取。",
    ),
    # 4: resources
    "BG401": Entry(
        "error",
        "Model not declared",
        "The model {name!r} is not in requires.models.{hint}",
        "requires.models 中没有模型 {name!r}。{hint}",
    ),
    "BG402": Entry(
        "error",
        "No model fits",
        "No known deployment meets the needs of the model {name!r}: {problem}.",
        "没有已知的模型部署满足 {name!r} 的要求：{problem}。",
    ),
    "BG403": Entry(
        "error",
        "Model lacks a capability",
        "The model {name!r} lacks the capability {capability!r}, which {owner!r} needs.",
        "模型 {name!r} 不具备 {owner!r} 所需的能力 {capability!r}。",
    ),
    "BG404": Entry("error", "Unknown tool", "There is no tool {name!r}.{hint}", "没有工具 {name!r}。{hint}"),
    "BG406": Entry(
        "error",
        "Knowledge base not declared",
        "The knowledge base {name!r} is not in requires.knowledge.{hint}",
        "requires.knowledge 中没有知识库 {name!r}。{hint}",
    ),
    "BG407": Entry(
        "warning",
        "Embedder does not fit the language",
        "The knowledge base {name!r} has {language} text, which its embedder {embedder!r} does not support; the search relies on keywords there.",
        "知识库 {name!r} 含有 {language} 文本，而嵌入模型 {embedder!r} 不支持该语言；这部分检索将依靠关键词。",
    ),
    "BG408": Entry(
        "error",
        "Prompt longer than the context",
        "The prompt of {owner!r} and its answer need at least {tokens} tokens; the model {name!r} has room for {limit}.",
        "{owner!r} 的提示词和回答至少需要 {tokens} 个词元，而模型 {name!r} 最多容纳 {limit} 个。",
    ),
    "BG409": Entry(
        "error",
        "Secret missing",
        "The secret {name!r} is not set. Run: baigong secrets set {name}",
        "机密 {name!r} 尚未设置。请运行：baigong secrets set {name}",
    ),
    "BG410": Entry(
        "warning",
        "Not locked",
        "Not in bundle.lock, so it cannot be checked: {what}. Run: baigong lock",
        "bundle.lock 中没有{what}，因此无法检查。请运行：baigong lock",
    ),
    "BG411": Entry(
        "error",
        "Unknown skill",
        "The skill {name!r} is not in requires.skills.{hint}",
        "requires.skills 中没有技能 {name!r}。{hint}",
    ),
    "BG412": Entry(
        "error",
        "Unknown name in a prompt",
        "{text!r} uses {name!r}, which is not among the inputs (in) of {owner!r}.{hint}",
        "{text!r} 使用了 {name!r}，但 {owner!r} 的 in 中没有这个名称。{hint}",
    ),
    "BG413": Entry(
        "error",
        "Server not allowed",
        "The tool server {name!r} is not on this machine's list of allowed servers.{hint}",
        "工具服务器 {name!r} 不在本机允许的服务器名单中。{hint}",
    ),
    "BG414": Entry(
        "error",
        "Version not fixed",
        "The version of the app {app!r} is not fixed: requires.apps.{name} needs a digest.",
        "应用 {app!r} 的版本没有固定：requires.apps.{name} 需要 digest。",
    ),
    "BG415": Entry("error", "Unknown app", "The app {name!r} {problem}.{hint}", "应用 {name!r} {problem}。{hint}"),
    "BG416": Entry(
        "error",
        "App cannot be run by another",
        "The app {name!r} cannot be run here: {problem}.",
        "应用 {name!r} 不能在此运行：{problem}。",
    ),
    "BG417": Entry(
        "warning",
        "Newer version",
        "The app {name!r} has a newer version than the one that is fixed.",
        "应用 {name!r} 有比所固定版本更新的版本。",
    ),
    "BG418": Entry(
        "error",
        "Host not allowed",
        "The host {name!r} is not in policy.egress.",
        "主机 {name!r} 不在 policy.egress 中。",
    ),
    "BG419": Entry(
        "error",
        "Undeclared secret",
        "The secret {name!r} is not in requires.secrets.{hint}",
        "机密 {name!r} 不在 requires.secrets 中。{hint}",
    ),
    "BG420": Entry("error", "Database", "The database {name!r} {problem}.{hint}", "数据库 {name!r} {problem}。{hint}"),
    "BG421": Entry(
        "error",
        "Effect with a cache",
        "{name!r} acts on the world, so that its result cannot be kept: leave out cache.",
        "{name!r} 会影响外部世界，其结果不能缓存：请去掉 cache。",
    ),
    # 5: information flow
    "BG501": Entry(
        "error",
        "Untrusted content reaches an effect",
        "{owner!r} acts on the world through {tool!r}, and untrusted content from {source!r} can steer it. Set approve: effects.",
        "{owner!r} 通过 {tool!r} 影响外部世界，而来自 {source!r} 的不可信内容可能左右这次调用。请设置 approve: effects。",
    ),
    "BG503": Entry(
        "warning",
        "Untrusted, private and outgoing together",
        "{owner!r} can be talked into sending workspace data out through {tool!r}; publishing needs a waiver in policy.waivers.",
        "{owner!r} 可能被诱导通过 {tool!r} 把工作区数据发送到外部；发布前须在 policy.waivers 中登记豁免。",
    ),
    # 6: budget, tests, publishing
    "BG601": Entry(
        "error", "Budget cannot be met", "The budget cannot be met: {problem}.", "预算无法满足：{problem}。"
    ),
    "BG602": Entry("error", "Test suite", "{place}: {problem}.{hint}", "{place}：{problem}。{hint}"),
    "BG603": Entry("error", "Chat turn unclear", "publish.chat: {problem}.{hint}", "publish.chat：{problem}。{hint}"),
}
