# PowerShell completion of meshx (5.1 and later); load it with: meshx completion powershell | Out-String | Invoke-Expression

# Lines of three columns: commands typed so far, what may come next, what it is.
$script:MeshxTable = ${TABLE} -split "`n" | Where-Object { $_ } | ForEach-Object { , ($_ -split "`t") }
# Lines of three columns: commands typed so far, an option or the number of an argument, its values.
$script:MeshxValues = ${VALUES} -split "`n" | Where-Object { $_ } | ForEach-Object { , ($_ -split "`t") }
$script:MeshxValued = '${VALUED}' -split ' '

Register-ArgumentCompleter -Native -CommandName meshx -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $place = 'meshx'
    $skip = ''
    $plain = 0
    $typed = $commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition }
    foreach ($element in $typed) {
        $word = $element.ToString()
        if ($skip) { $skip = '' }
        elseif ($script:MeshxValued -ccontains $word) { $skip = $word }
        elseif ($script:MeshxTable | Where-Object { $_[0] -ceq "$place $word" } | Select-Object -First 1) { $place = "$place $word" }
        elseif (-not $word.StartsWith('-')) { $plain++ }
    }
    $key = if ($skip) { $skip } else { "@$($plain + 1)" }
    $values = $script:MeshxValues | Where-Object { $_[0] -ceq $place -and $_[1] -ceq $key } | Select-Object -First 1
    $words = @()
    if ($values -and $values[2].StartsWith('@')) { $words = @(meshx completion --values $values[2].Substring(1) 2>$null) }
    elseif ($values) { $words = $values[2] -split ' ' }
    $rows = @($words | ForEach-Object { , @($_, $_) })
    if (-not $skip) { $rows += @($script:MeshxTable | Where-Object { $_[0] -ceq $place } | ForEach-Object { , @($_[1], $_[2]) }) }
    $rows | Where-Object { $_[0].StartsWith($wordToComplete) } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
    }
}
