module github.com/seda-go/seda/checks

go 1.26.0

replace github.com/seda-go/seda => ../

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/seda-go/seda v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/text v0.14.0 // indirect
)
