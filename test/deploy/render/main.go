// Renders the templates of a chart as Helm does, with Go's text/template and the functions of sprig and Helm.
//
// Standard input has the templates by path, and the contexts (.Values, .Release, .Chart, .Capabilities) to render them
// with. Standard output has for each context the files by path, or the error.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log"
	"os"
	"path"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

type input struct {
	Templates map[string]string        `json:"templates"`
	Contexts  []map[string]interface{} `json:"contexts"`
}

type output struct {
	Files map[string]string `json:"files,omitempty"`
	Error string            `json:"error,omitempty"`
}

// Numbers and the order of keys are those of JSON, as in Helm.
func toYaml(value interface{}) string {
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	var plain interface{}
	if err := yaml.Unmarshal(text, &plain); err != nil {
		return ""
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(plain); err != nil {
		return ""
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func required(message string, value interface{}) (interface{}, error) {
	if value == nil || value == "" {
		return value, errors.New(message)
	}
	return value, nil
}

func render(templates map[string]string, context map[string]interface{}) (map[string]string, error) {
	root := template.New("").Option("missingkey=zero")
	execute := func(t *template.Template, name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := t.ExecuteTemplate(&out, name, data)
		return strings.ReplaceAll(out.String(), "<no value>", ""), err
	}
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = toYaml
	functions["required"] = required
	functions["include"] = func(name string, data interface{}) (string, error) { return execute(root, name, data) }
	functions["tpl"] = func(text string, data interface{}) (string, error) {
		clone, err := root.Clone()
		if err != nil {
			return "", err
		}
		if _, err := clone.New("tpl").Parse(text); err != nil {
			return "", err
		}
		return execute(clone, "tpl", data)
	}
	root.Funcs(functions)
	for name, text := range templates {
		if _, err := root.New(name).Parse(text); err != nil {
			return nil, err
		}
	}
	files := map[string]string{}
	// In any order: Helm's is none that a chart could rely on.
	for name := range templates {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		data := map[string]interface{}{"Template": map[string]interface{}{"Name": name, "BasePath": path.Dir(name)}}
		for key, value := range context {
			data[key] = value
		}
		text, err := execute(root, name, data)
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	return files, nil
}

func main() {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		log.Fatal(err)
	}
	all := []output{}
	for _, context := range in.Contexts {
		files, err := render(in.Templates, context)
		if err != nil {
			all = append(all, output{Error: err.Error()})
		} else {
			all = append(all, output{Files: files})
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
		log.Fatal(err)
	}
}
