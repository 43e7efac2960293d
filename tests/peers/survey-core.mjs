// The retail checklist as a SurveyJS form: set the answers, evaluate visibility, validate, add the points up.
// usage: node survey-core.mjs <folder with node_modules> <checklist> <answers>
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, checklistFile, answersFile] = process.argv.slice(2);
const { Model } = createRequire(join(folder, "package.json"))("survey-core");
const checklist = JSON.parse(readFileSync(checklistFile, "utf8"));
const answers = JSON.parse(readFileSync(answersFile, "utf8")).answers;

const operators = { equals: "=", not_equals: "<>", lt: "<", lte: "<=", gt: ">", gte: ">=" };
function expression(condition) {
  if (condition.all) return "(" + condition.all.map(expression).join(" and ") + ")";
  if (condition.any) return "(" + condition.any.map(expression).join(" or ") + ")";
  if (condition.not) return "!(" + expression(condition.not) + ")";
  const name = `{${condition.question}}`;
  if (condition.op === "answered") return `${name} notempty`;
  if (condition.op === "in") return "(" + condition.value.map((value) => `${name} = '${value}'`).join(" or ") + ")";
  return `${name} ${operators[condition.op]} '${condition.value}'`;
}

function element(question) {
  const base = { name: question.id, title: question.text.en, isRequired: question.required === true };
  if (question.show_if) base.visibleIf = expression(question.show_if);
  const choices = (question.options ?? []).map((option) => ({ value: option.id, text: option.text.en }));
  switch (question.type) {
    case "yes_no":
      return { ...base, type: "radiogroup", choices: ["yes", "no"] };
    case "single_choice":
      return { ...base, type: "radiogroup", choices };
    case "multi_choice":
      return { ...base, type: "checkbox", choices };
    case "scale":
    case "nps":
    case "ces":
    case "csat": {
      const scale = question.scale ?? { min: 0, max: 10 };
      return { ...base, type: "rating", rateMin: scale.min, rateMax: scale.max };
    }
    case "number":
    case "duration":
    case "money":
      return { ...base, type: "text", inputType: "number" };
    case "photo":
    case "receipt":
      return { ...base, type: "file" };
    case "change":
      return { ...base, type: "expression", expression: `{${question.change.to}} - {${question.change.from}}` };
    default:
      return { ...base, type: "comment", minLength: question.min_chars, maxLength: question.max_chars };
  }
}

const form = {
  pages: checklist.sections.map((section) => ({
    name: section.id,
    ...(section.show_if ? { visibleIf: expression(section.show_if) } : {}),
    elements: section.questions.map(element),
  })),
};
const questions = new Map(checklist.sections.flatMap((section) => section.questions).map((question) => [question.id, question]));

// The points that can be told from the answer alone; bands and modes would cost the peer more.
function points(question, value) {
  if (!question?.points || value === undefined) return 0;
  if (question.type === "yes_no") return value === (question.good_answer ?? "yes") ? Number(question.points) : 0;
  const chosen = Array.isArray(value) ? value : [value];
  if (question.options) {
    return question.options.filter((option) => chosen.includes(option.id)).reduce((sum, option) => sum + Number(option.points ?? 0), 0);
  }
  return Number(question.points);
}

function evaluate(model) {
  model.data = {};
  model.data = { ...answers };
  model.validate(false, false);
  let sum = 0;
  for (const question of model.getAllQuestions(true)) sum += points(questions.get(question.name), question.value);
  return sum;
}

const model = new Model(form);
const run = (count) => {
  const started = process.hrtime.bigint();
  for (let index = 0; index < count; index += 1) evaluate(model);
  return Number((process.hrtime.bigint() - started) / BigInt(count));
};
run(30);
console.log(run(200));
